import Crypto
import FoundationEssentials
import OstiaryCore

/// What both sides of one sealed request know, and the answer's keys come from.
public struct AnswerSecret: Sendable {
    let secret: SymmetricKey
    let encapsulated: EncapsulatedKey

    init(_ secret: SymmetricKey, _ encapsulated: EncapsulatedKey) {
        self.secret = secret
        self.encapsulated = encapsulated
    }

    /// - Parameter export: the request's HPKE context exports so many bytes for such a purpose (RFC 9180 section 5.3).
    init(
        _ encapsulated: EncapsulatedKey,
        export: (_ context: [UInt8], _ count: Int) throws -> SymmetricKey
    ) throws(SealedFault) {
        do {
            self.init(try export(SealedSuite.exporterContext, SealedSuite.exportBytes), encapsulated)
        } catch {
            throw SealedFault(.hpkeSetupFailed, "no secret can be exported")
        }
    }

    /// Seals the answer under a nonce that is new each time.
    public func sealer() -> AnswerSealer {
        AnswerSealer(AnswerKeys(self, nonce: ResponseNonce()))
    }

    /// Opens the answer with this nonce.
    public func opener(_ nonce: ResponseNonce) -> AnswerOpener { AnswerOpener(AnswerKeys(self, nonce: nonce)) }

    // MARK: Recovery

    /// Lets another process open the answer to this one request: `{"exportedSecret": …, "requestEnc": …}`. It is a key,
    /// to be kept like one.
    public var recoveryToken: [UInt8] {
        // Never as text: nobody could wipe that.
        var token = Array("{\"exportedSecret\": \"".utf8)
        token.reserveCapacity(256)
        secret.withUnsafeBytes { bytes in
            for byte in bytes {
                token.append(Hex.digit(byte >> 4))
                token.append(Hex.digit(byte & 0xf))
            }
        }
        token += Array("\", \"requestEnc\": \"\(encapsulated.field)\"}".utf8)
        return token
    }

    /// - Throws: `INVALID_TOKEN`.
    public init(recoveryToken bytes: [UInt8]) throws(SealedFault) {
        guard let members = (try? JSONReader.read(bytes))?.object,
            let secret = members["exportedSecret"]?.string.flatMap({ Hex.decode($0.utf8) }),
            secret.count == SealedSuite.exportBytes,
            let point = members["requestEnc"]?.string.flatMap({ Hex.decode($0.utf8) }).flatMap({ PublicPoint($0) })
        else { throw SealedFault(.invalidToken, "is not a recovery token") }
        self.init(SymmetricKey(data: secret), EncapsulatedKey(point))
    }
}
