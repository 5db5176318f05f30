// expect: instance method 'encode' requires that 'Credential' conform to 'Encodable'
// SEC-404
import Foundation
import OstiaryCore

func encode(_ credential: Credential) throws -> Data {
    try JSONEncoder().encode(credential)
}
