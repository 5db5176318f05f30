/// What a model may be called (SEC-501): 1 to 256 bytes of UTF-8 without control characters.
///
/// A name goes into a JSON string, a log line and a metric label, so anything that could start a new line there is
/// refused at the door.
public enum ModelName {
    /// The longest name in bytes.
    public static let longest = 256

    /// What is wrong with a name, as the end of a sentence that begins with the name's place; `nil` when it is fine.
    public static func fault(in name: some Collection<UInt8>) -> StaticString? {
        if name.isEmpty { return "is empty" }
        if name.count > longest { return "is longer than 256 bytes" }
        var previous: UInt8 = 0
        for byte in name {
            // C0 and DEL, and C1, which UTF-8 writes as C2 80 to C2 9F.
            if byte < 0x20 || byte == 0x7f || (previous == 0xc2 && byte < 0xa0) {
                return "holds a control character"
            }
            previous = byte
        }
        return nil
    }
}
