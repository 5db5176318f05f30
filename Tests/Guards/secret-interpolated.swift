// expect: no exact matches in call to instance method 'appendInterpolation'
// SEC-404
import OstiaryCore

func show(_ secret: borrowing Secret) -> String {
    "\(secret)"
}
