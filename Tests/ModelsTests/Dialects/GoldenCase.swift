import Crypto
import Foundation
import OstiaryCore
import OstiaryTesting

@testable import OstiaryModels

/// One made-up exchange and what becomes of it, as a text file of sections: `settings`, `request`, `answer` or `stream`
/// go in; `provider gets`, `dropped`, `client gets` and `used` come out.
struct GoldenCase {
    static let inputs = ["settings", "request", "answer", "stream"]

    var comment: [String] = []
    var sections: [(name: String, text: String)] = []

    init(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        for line in lines {
            if line.hasPrefix("== "), line.hasSuffix(" ==") {
                sections.append((String(line.dropFirst(3).dropLast(3)), ""))
            } else if sections.isEmpty {
                comment.append(String(line))
            } else {
                sections[sections.count - 1].text += line + "\n"
            }
        }
    }

    subscript(_ name: String) -> String? { sections.first { $0.name == name }?.text }

    /// The file as it would be written anew.
    func text(_ outputs: [(name: String, text: String)]) -> String {
        var out = comment.joined(separator: "\n") + "\n"
        for section in sections where Self.inputs.contains(section.name) {
            out += "== \(section.name) ==\n\(section.text)"
            for output in outputs where output.name.hasSuffix("<\(section.name)") {
                let name = output.name.split(separator: "<")[0]
                out += "== \(name) ==\n\(output.text)"
            }
        }
        return out
    }

    // MARK: Playing it

    func play(from client: Exchange.Dialect, to provider: Exchange.Dialect) -> [(name: String, text: String)] {
        var outputs: [(name: String, text: String)] = []
        var translation = Translation(from: client, to: provider, context, random: SeededGenerator(seed: 7))
        do {
            let request = try translation.request(Array((self["request"] ?? "").utf8))
            outputs.append(("provider gets<request", Self.pretty(request.bytes)))
            if !request.losses.isEmpty { outputs.append(("dropped<request", request.losses.fieldValue + "\n")) }
        } catch {
            outputs.append(("refused<request", "\(error.status) \(error.code.rawValue): \(error.message)\n"))
            return outputs
        }
        if let answer = self["answer"] {
            do {
                let answer = try translation.answer(Array(answer.utf8))
                outputs.append(("client gets<answer", Self.pretty(answer.bytes)))
                if !answer.losses.isEmpty { outputs.append(("dropped<answer", answer.losses.fieldValue + "\n")) }
            } catch {
                outputs.append(("refused<answer", "\(error.status) \(error.code.rawValue): \(error.message)\n"))
            }
        }
        if let stream = self["stream"] {
            var out = ByteWriter()
            var translator = translation.stream()
            translator.feed(Array(stream.utf8).span, into: &out)
            translator.finish(into: &out)
            outputs.append(("client gets<stream", String(decoding: out.bytes, as: UTF8.self)))
            if let failure = translator.failure {
                outputs.append(("failed<stream", "\(failure.code.rawValue) \(failure.cause)\n"))
            }
        }
        return outputs
    }

    private var context: Translation.Context {
        var profile = DialectProfile()
        var onLoss = Losses.Policy.report
        var marks: CallerMarks? = CallerMarks(key: SymmetricKey(data: [UInt8](repeating: 7, count: 32)), principal: [1])
        for line in (self["settings"] ?? "").split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch (words.first ?? "", words.last ?? "") {
            case ("on_loss", let word): onLoss = Losses.Policy(rawValue: word) ?? .report
            case ("system_role", _): profile.systemRole = .developer
            case ("later_system", _): profile.takesLaterSystem = false
            case ("output_bound", _): profile.outputBound = .maxTokens
            case ("most_output", let word): profile.mostOutput = Int(word)
            case ("reasoning", let word): profile.reasoning = .init(rawValue: word) ?? .unknown
            case ("reasoning_back", _): profile.wantsReasoningBack = true
            case ("no_sampling", _): profile.takesSampling = false
            case ("prefill", _): profile.takesPrefill = true
            case ("schemas", let word): profile.schemas = .init(rawValue: word) ?? .openai
            case ("no_marks", _): marks = nil
            default: continue
            }
        }
        return Translation.Context(
            profile: profile,
            onLoss: onLoss,
            marks: marks,
            now: UnixTime(seconds: 1_800_000_000)
        )
    }

    /// JSON as people read it: a member a line, but small things in one.
    static func pretty(_ bytes: [UInt8]) -> String {
        guard let value = try? JSONReader.read(bytes, depth: 256) else {
            return String(decoding: bytes, as: UTF8.self) + "\n"
        }
        return pretty(value, indent: "") + "\n"
    }

    private static func pretty(_ value: JSONValue, indent: String) -> String {
        let flat = String(decoding: JSONWriter.write(value), as: UTF8.self)
        if flat.utf8.count + indent.utf8.count < 110 { return flat }
        let inner = indent + "  "
        switch value {
        case .array(let elements):
            return "[\n" + elements.map { inner + pretty($0, indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let object):
            let members = object.members.map { member in
                "\(inner)\"\(member.name)\": \(pretty(member.value, indent: inner))"
            }
            return "{\n" + members.joined(separator: ",\n") + "\n\(indent)}"
        default: return flat
        }
    }
}
