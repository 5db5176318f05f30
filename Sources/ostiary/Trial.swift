import ArgumentParser
import Foundation
import OstiaryCore
import OstiaryServer
import Synchronization

/// One streamed chat request; the answer's text goes to standard output as it arrives.
struct Trial: Sendable {
    let text: String
    let model: String
    let door: LoopbackDoor
    var api = API.chat

    /// By which API the gate is asked.
    enum API: String, Sendable, CaseIterable {
        case chat, responses, messages

        var path: String {
            switch self {
            case .chat: "/v1/chat/completions"
            case .responses: "/v1/responses"
            case .messages: "/v1/messages"
            }
        }

        var fields: [(name: String, value: String)] {
            self == .messages ? [("anthropic-version", "2023-06-01")] : []
        }
    }

    var body: [UInt8] {
        let message = JSONObject(members: [
            .init(name: "role", value: .string("user")), .init(name: "content", value: .string(text)),
        ])
        var members: [JSONObject.Member] = [
            .init(name: "model", value: .string(model)), .init(name: "stream", value: .bool(true)),
        ]
        switch api {
        case .chat: members.append(.init(name: "messages", value: .array([.object(message)])))
        case .responses: members.append(.init(name: "input", value: .array([.object(message)])))
        case .messages:
            members.append(.init(name: "max_tokens", value: .integer(4096)))
            members.append(.init(name: "messages", value: .array([.object(message)])))
        }
        let request = JSONObject(members: members)
        return Array(JSONText.pretty(.object(request)).utf8)
    }

    func run(_ client: any LoopbackClient, token: String, voice: Voice) async throws {
        let stream = AnswerStream(voice: voice)
        let patience = Task {
            try await SystemClock().sleep(seconds: 1)
            if !stream.hasBegun { voice.progress("waiting for an answer of \(model)") }
        }
        defer { patience.cancel() }
        let status: Int
        do throws(LoopbackFailure) {
            status = try await client.post(
                api.path,
                to: door,
                fields: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")] + api.fields,
                body: body,
                piece: { stream.take($0) }
            )
        } catch {
            voice.error(error == .unreachable ? "no gate answers at \(door)" : "the answer of \(door) was cut")
            voice.hint("start a gate with: ostiary up")
            throw Status.unavailable
        }
        guard status == 200 else {
            voice.error("the gate refused: \(stream.refusal ?? "status \(status)")")
            throw Status.refused
        }
        if stream.hasBegun { voice.print("\n") }
    }
}

/// Reads the server-sent events of a streamed answer of any API, a line at a time.
final class AnswerStream: Sendable {
    private struct State {
        var line: [UInt8] = []
        /// The beginning of what is no event: a refusal's JSON.
        var rest: [UInt8] = []
        var hasBegun = false
    }

    private let state = Mutex(State())
    private let voice: Voice

    init(voice: Voice) {
        self.voice = voice
    }

    var hasBegun: Bool { state.withLock { $0.hasBegun } }

    /// The sentence of a refusal (`error.message`), fit for a terminal.
    var refusal: String? {
        struct Refusal: Decodable {
            struct Inner: Decodable {
                let message: String
            }
            let error: Inner
        }
        let bytes = state.withLock { $0.rest + $0.line }
        guard let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(bytes)) else { return nil }
        return Self.plain(refusal.error.message)
    }

    func take(_ piece: [UInt8]) {
        let texts = state.withLock { state -> [String] in
            var texts: [String] = []
            for byte in piece {
                guard byte == UInt8(ascii: "\n") else {
                    if state.line.count < 1 << 20 { state.line.append(byte) }
                    continue
                }
                if let text = Self.text(of: state.line) {
                    texts.append(text)
                } else if state.rest.count + state.line.count < 65_536 {
                    state.rest += state.line + [byte]
                }
                state.line = []
            }
            if !texts.isEmpty { state.hasBegun = true }
            return texts
        }
        for text in texts { voice.print(Self.plain(text)) }
    }

    /// The text that one line adds, or `nil` when it is no event with text.
    private static func text(of line: [UInt8]) -> String? {
        guard line.starts(with: "data:".utf8) else { return nil }
        let event = try? JSONReader.read(Array(line.dropFirst("data:".utf8.count)), depth: 64).object
        switch event?["type"]?.string {
        case "response.output_text.delta": return event?["delta"]?.string
        case "content_block_delta": return event?["delta"]?.object?["text"]?.string
        case nil: return event?["choices"]?.array?.first?.object?["delta"]?.object?["content"]?.string
        default: return nil
        }
    }

    /// Without the control characters that would move or recolour a terminal.
    static func plain(_ text: String) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            plain.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(plain)
    }
}
