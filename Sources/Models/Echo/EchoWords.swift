/// Cuts text into the built-in model's tokens: a word with the white space before it. Joined again they are the text.
enum EchoWords {
    /// Where a word is cut that has no end, in bytes.
    private static let longest = 32

    /// - Parameter most: where to stop; the rest is left away.
    static func split(_ text: String, most: Int) -> [String] {
        var words: [String] = []
        walk(text) { word in
            if words.count < most { words.append(String(word)) }
            return words.count < most
        }
        return words
    }

    /// How many there are.
    static func count(_ text: String) -> Int {
        var count = 0
        walk(text) { _ in
            count += 1
            return true
        }
        return count
    }

    private static func walk(_ text: String, _ visit: (Substring) -> Bool) {
        let bytes = text.utf8
        var start = bytes.startIndex
        var index = start
        var length = 0
        var inWord = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            let isSpace = byte == 0x20 || (byte >= 0x09 && byte <= 0x0d)
            let isBoundary = byte & 0xc0 != 0x80
            if isBoundary && ((isSpace && inWord) || length >= longest) {
                guard visit(text[start..<index]) else { return }
                start = index
                length = 0
                inWord = false
            }
            if !isSpace { inWord = true }
            length += 1
            bytes.formIndex(after: &index)
        }
        if start < index { _ = visit(text[start..<index]) }
    }

    /// Cuts text every 12 bytes or so, between characters.
    static func pieces(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for scalar in text.unicodeScalars {
            piece.unicodeScalars.append(scalar)
            guard piece.utf8.count >= 12 else { continue }
            pieces.append(piece)
            piece = ""
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }
}
