// expect: instance method 'withBytes' requires that 'Span<UInt8>' conform to 'Escapable'
// SEC-404
import OstiaryCore

func keep(_ secret: borrowing Secret) -> Int {
    let bytes: Span<UInt8> = secret.withBytes { $0 }
    return bytes.count
}
