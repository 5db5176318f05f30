/// What a credential is, seen from outside, where capability tokens are taken.
enum NucForm {
    case envelope
    /// 64 hex digits: the private key of an account, which its owner's client sent by mistake.
    case privateKey
    /// What nilai-py leaves where it expected to put a token later.
    case placeholder
    case other

    init(_ bytes: [UInt8]) {
        if bytes.count == 64, bytes.allSatisfy(Self.isHexDigit) {
            self = .privateKey
        } else if bytes.elementsEqual("<placeholder>".utf8) {
            self = .placeholder
        } else {
            self = NucEnvelope.hasForm(bytes) ? .envelope : .other
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
