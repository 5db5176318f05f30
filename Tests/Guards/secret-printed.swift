// expect: argument type 'Secret' does not conform to expected type 'Copyable'
// SEC-404
import OstiaryCore

func show(_ secret: borrowing Secret) {
    print(secret)
}
