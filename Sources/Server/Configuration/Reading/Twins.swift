import Yams

/// Keys that a section has twice.
///
/// The parser stops at the first such key. To report every fault at once, the earlier twin is renamed in place by
/// characters that the file does not use, as many as it had, so that all positions stay; the tree then holds both.
struct Twins {
    private var names: [String: String] = [:]
    /// Private-use characters (Unicode chapter 23.5) that the text does not hold.
    private var unused: [Unicode.Scalar]

    init(avoiding text: String) {
        let used = Set(text.unicodeScalars.lazy.filter { (0xe000...0xe03f).contains($0.value) })
        unused = (0xe000...0xe03f).compactMap(Unicode.Scalar.init).filter { !used.contains($0) }
    }

    /// The name that the operator wrote, if `key` is the stand-in for an earlier twin.
    func original(of key: String) -> String? {
        names[key]
    }

    /// Renames the key at `mark`. False when its spelling is not simply its name, or there were too many.
    mutating func rename(_ name: String, at mark: Mark, in text: inout String) -> Bool {
        let length = name.unicodeScalars.count
        guard length > 0, let stand = unused.popLast() else { return false }
        var scalars = Array(text.unicodeScalars)
        guard var start = Self.offset(of: mark, in: scalars), scalars.indices.contains(start) else { return false }
        if scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
        guard start + length <= scalars.count, scalars[start..<start + length].elementsEqual(name.unicodeScalars) else {
            return false
        }
        for index in start..<start + length { scalars[index] = stand }
        var renamed = String.UnicodeScalarView()
        renamed.append(contentsOf: scalars)
        text = String(renamed)
        names[String(String.UnicodeScalarView(repeatElement(stand, count: length)))] = name
        return true
    }

    private static func offset(of mark: Mark, in scalars: [Unicode.Scalar]) -> Int? {
        var line = 1
        var index = 0
        while line < mark.line {
            guard let end = scalars[index...].firstIndex(of: "\n") else { return nil }
            index = end + 1
            line += 1
        }
        return index + mark.column - 1
    }
}
