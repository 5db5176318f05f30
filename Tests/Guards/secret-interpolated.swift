// expect: no exact matches in call to instance method 'appendInterpolation'
import OstiaryCore

func show(_ secret: borrowing Secret) -> String {
    "\(secret)"
}
