// expect: argument type 'Secret' does not conform to expected type 'Copyable'
// SEC-404
import OstiaryCore

func look(_ secret: borrowing Secret) -> Mirror {
    Mirror(reflecting: secret)
}
