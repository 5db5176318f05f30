// expect: instance method 'encode' requires that 'Secret' conform to 'Encodable'
// SEC-404
import Foundation
import OstiaryCore

func encode(_ secret: borrowing Secret) throws -> Data {
    try JSONEncoder().encode(secret)
}
