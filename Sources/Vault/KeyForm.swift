import OstiaryCore

/// What a key may look like: it is going to stand in a header field, so nothing in it may end the field.
enum KeyForm {
    /// The most bytes that a key may have.
    static let longest = 8192

    /// Takes one line end off where the place adds one, and refuses what can be no key.
    static func checked(
        _ secret: borrowing Secret,
        trimsLineEnd: Bool,
        label: String
    ) throws(SourceFault) -> Secret {
        try secret.withBytes { bytes throws(SourceFault) in
            var end = bytes.count
            if trimsLineEnd, end > 0, bytes[end - 1] == UInt8(ascii: "\n") {
                end -= 1
                if end > 0, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            }
            guard end > 0 else { throw .empty(label: label) }
            guard end <= longest else { throw .tooLarge(label: label, limit: longest) }
            for index in 0..<end where !(0x20...0x7e ~= bytes[index]) { throw .invalidCharacter(label: label) }
            let space = UInt8(ascii: " ")
            guard bytes[0] != space, bytes[end - 1] != space else { throw .invalidCharacter(label: label) }
            return Secret(copying: bytes.extracting(0..<end))
        }
    }
}
