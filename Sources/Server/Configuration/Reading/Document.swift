import Yams

/// The file's text as a tree of YAML nodes with their positions.
enum Document {
    /// The largest file that is read, in bytes.
    static let largest = 1 << 20

    /// Composes `text`; reports what is wrong with its form and returns what can still be looked at.
    static func compose(_ bytes: [UInt8], _ reading: inout Reading) -> (root: Node, twins: Twins)? {
        let file = reading.file ?? "-"
        guard bytes.count <= largest else {
            reading.giveUp(.file(file, line: 1, column: 1), "the file is larger than 1 MiB")
            return nil
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            reading.giveUp(.file(file, line: 1, column: 1), "the file is not valid UTF-8")
            return nil
        }
        var twins = Twins(avoiding: text)
        while true {
            do {
                // The encoding is given so that no environment variable changes it.
                guard let root = try Parser(yaml: text, encoding: .utf8).singleRoot() else { return nil }
                return (root, twins)
            } catch YamlError.duplicatedKeysInMapping(let names, let context) {
                if let name = names.first, twins.rename(name, at: context.mark, in: &text) { continue }
                reading.giveUp(
                    .file(file, line: context.mark.line, column: context.mark.column),
                    "a key is given twice in one section",
                    hint: "keep one of them"
                )
                return nil
            } catch {
                report(error, file: file, text: text, &reading)
                return nil
            }
        }
    }

    private static func report(_ error: any Error, file: String, text: String, _ reading: inout Reading) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let place = Configuration.Place.file(file, line: mark.line, column: mark.column)
            if problem.utf8.elementsEqual("but found another document".utf8) {
                reading.giveUp(place, "a second document begins here", hint: "keep one document in the file")
                return
            }
            var message = "not readable as YAML: \(problem)"
            if let context { message += " \(context.text) that begins at line \(context.mark.line)" }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let tab = lines.indices.contains(mark.line - 1) && lines[mark.line - 1].utf8.contains(UInt8(ascii: "\t"))
            reading.giveUp(place, message, hint: tab ? "indent with spaces, not with tabs" : nil)
        case YamlError.reader(let problem, _, _, _):
            reading.giveUp(.file(file, line: 1, column: 1), "not readable as YAML: \(problem)")
        default:
            reading.giveUp(.file(file, line: 1, column: 1), "not readable as YAML")
        }
    }
}
