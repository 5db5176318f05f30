/// The form of a credential of this gate, seen from outside: which of two fields holds one is decided by it, and nothing
/// else.
public enum TokenForm {
    /// Whether `bytes` are a signed token or a virtual key by their form.
    public static func fits(_ bytes: [UInt8]) -> Bool {
        VirtualKey.hasForm(bytes) || isSigned(bytes)
    }

    /// Whether `bytes` are three parts of the base64url alphabet, each with something in it (RFC 7515 section 7.1).
    static func isSigned(_ bytes: [UInt8]) -> Bool {
        var dots = 0
        var isEmpty = true
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "."):
                guard !isEmpty else { return false }
                dots += 1
                isEmpty = true
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                isEmpty = false
            default: return false
            }
        }
        return dots == 2 && !isEmpty
    }
}
