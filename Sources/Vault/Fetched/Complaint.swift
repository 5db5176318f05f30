import OstiaryCore

/// What a helper said at standard error, made fit for a log: printable, short, and without anything that looks as if it
/// were a secret.
enum HelperComplaint {
    private static let longest = 300

    /// - Parameter hidden: values that must not be in it, whatever they look like.
    static func shown(_ bytes: [UInt8], hiding hidden: [[UInt8]] = []) -> String {
        var words: [String] = []
        var length = 0
        for word in bytes.split(whereSeparator: { $0 <= 0x20 || $0 == 0x7f }) {
            let isHidden = hidden.contains { !$0.isEmpty && contains(word, $0) } || looksSecret(word)
            let shown = isHidden ? "[hidden]" : String(decoding: word.map(printable), as: UTF8.self)
            guard length + shown.utf8.count < longest else {
                words.append("...")
                break
            }
            length += shown.utf8.count + 1
            words.append(shown)
        }
        return words.joined(separator: " ")
    }

    private static func printable(_ byte: UInt8) -> UInt8 { 0x21...0x7e ~= byte ? byte : UInt8(ascii: "?") }

    /// A run of 16 characters of which keys are made, with a digit in it: paths and words pass, keys do not.
    private static func looksSecret(_ word: ArraySlice<UInt8>) -> Bool {
        var run = 0
        var hasDigit = false
        for byte in word {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                run += 1
                hasDigit = true
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "="):
                run += 1
            default:
                run = 0
                hasDigit = false
            }
            if run >= 16, hasDigit { return true }
        }
        return false
    }

    private static func contains(_ text: ArraySlice<UInt8>, _ part: [UInt8]) -> Bool {
        guard text.count >= part.count else { return false }
        return (text.startIndex...text.endIndex - part.count).contains { text[$0...].starts(with: part) }
    }
}
