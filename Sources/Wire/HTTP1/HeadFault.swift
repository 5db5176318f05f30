/// Why a message head or a body's framing is refused. Every refusal closes the connection (SEC-101).
enum HeadFault: Error, Equatable {
    /// Broken syntax, or framing that two readers could understand differently.
    case malformed(StaticString)
    case targetTooLong
    case headTooLarge
    case tooManyFields
    /// Of a chunked body: more bytes of chunk extensions, or of trailer fields, than allowed.
    case extensionsTooLarge
    case trailersTooLarge
    case bodyTooLarge
    /// A transfer coding other than `chunked`.
    case unknownCoding
    /// An HTTP version other than 1.0 and 1.1.
    case unknownVersion
    /// An `Expect` other than `100-continue`.
    case unknownExpectation

    static func == (left: HeadFault, right: HeadFault) -> Bool {
        switch (left, right) {
        case (.malformed, .malformed), (.targetTooLong, .targetTooLong), (.headTooLarge, .headTooLarge),
            (.tooManyFields, .tooManyFields), (.extensionsTooLarge, .extensionsTooLarge),
            (.trailersTooLarge, .trailersTooLarge), (.bodyTooLarge, .bodyTooLarge), (.unknownCoding, .unknownCoding),
            (.unknownVersion, .unknownVersion),
            (.unknownExpectation, .unknownExpectation):
            true
        default: false
        }
    }
}
