/// Why a sealed body cannot be made or opened. Says nothing about keys or content, and is never sent on the wire.
public struct SealedFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The classes that EHBP names, and one of ours.
    public enum Code: String, Hashable, Sendable {
        case invalidKeyConfig = "INVALID_KEY_CONFIG"
        case unsupportedSuite = "UNSUPPORTED_SUITE"
        case invalidEncapsulatedKey = "INVALID_ENCAPSULATED_KEY"
        case hpkeSetupFailed = "HPKE_SETUP_FAILED"
        case missingResponseNonce = "MISSING_RESPONSE_NONCE"
        case invalidResponseNonce = "INVALID_RESPONSE_NONCE"
        case duplicateResponseNonce = "DUPLICATE_RESPONSE_NONCE"
        case keyConfigMismatch = "KEY_CONFIG_MISMATCH"
        case framingTruncated = "FRAMING_TRUNCATED"
        case chunkTooLarge = "CHUNK_TOO_LARGE"
        case decryptFailed = "AEAD_DECRYPT_FAILED"
        case sequenceOverflow = "SEQUENCE_OVERFLOW"
        case invalidToken = "INVALID_TOKEN"
        case invalidInput = "INVALID_INPUT"
        /// A body with nothing sealed in it: nothing proves who made the encapsulated key.
        case emptySealedBody = "EMPTY_SEALED_BODY"
    }

    public let code: Code
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    /// `CODE: detail`.
    public var description: String { "\(code.rawValue): \(detail)" }
}
