public import OstiaryCore

/// The built-in model: it repeats what it is told, in every API that the gate serves, with streams, tool calls,
/// structured output, usage, failures and delays. It needs no account and no network, knows no secret, and keeps
/// nothing; the same request gives the same answer.
///
/// - A user's message comes back as it was. Its words are the tokens that `usage` and `max_tokens` count.
/// - `call NAME {"a":1}` in the message, or a `tool_choice` that demands it, calls a tool that the request offers;
///   a tool's result is answered with text.
/// - The model's name can carry directions; see `EchoDirections`.
///
/// What it refuses and how it spells answers follow the API that it is asked by. It is bounded: at most 4,096 tokens a choice, 16
/// choices, 2,048 embeddings.
public enum EchoModel {
    /// Names worth listing.
    public static let names = ["echo", "echo-slow-20ms", "echo-fail-503", "echo-429-2s", "echo-drop-after-3"]

    /// Answers a request.
    /// - Parameters:
    ///   - path: the route's path, like `/v1/chat/completions`.
    ///   - body: the whole body.
    ///   - now: what the answer says when it was made.
    ///   - id: names the answer.
    public static func answer(path: String, body: Span<UInt8>, now: UnixTime, id: RequestID) -> EchoScript {
        let family: APIFamily = path == "/v1/messages" ? .anthropic : .openAI
        do throws(EchoFault) {
            let request = try read(body)
            let model = try request.requiredText("model")
            guard let directions = EchoDirections(model: model) else {
                throw EchoFault(
                    status: 404,
                    message: "The echo model knows no directions like these: '\(model)'.",
                    code: "model_not_found",
                    parameter: "model"
                )
            }
            if let status = directions.failure { return failure(status, directions, family) }
            let context = EchoContext(model: model, created: now.wholeSeconds, id: id)
            let answer = try answer(path, request, context)
            return play(answer, directions)
        } catch {
            return EchoScript(answer: .whole(whole(error.status, error.body(for: family))), delay: 0)
        }
    }

    private static func read(_ body: Span<UInt8>) throws(EchoFault) -> EchoMembers {
        let value: JSONValue
        do {
            value = try JSONReader.read(body)
        } catch {
            throw EchoFault(message: "The body is not JSON (\(error.reason.rawValue) at byte \(error.offset)).")
        }
        guard let object = value.object else { throw EchoFault(message: "The body is not a JSON object.") }
        return EchoMembers(object)
    }

    private static func answer(
        _ path: String,
        _ request: EchoMembers,
        _ context: EchoContext
    ) throws(EchoFault) -> EchoAnswer {
        switch path {
        case "/v1/chat/completions": try EchoChat(request, context).answer
        case "/v1/completions": try EchoCompletions(request, context).answer
        case "/v1/embeddings": try EchoEmbeddings(request, context).answer
        case "/v1/messages": try EchoMessages(request, context).answer
        case "/v1/responses": try EchoResponses(request, context).answer
        default: throw EchoFault(status: 404, message: "The echo model does not serve this path.", code: "not_found")
        }
    }

    private static func play(_ answer: EchoAnswer, _ directions: EchoDirections) -> EchoScript {
        switch answer {
        case .whole(let value):
            let body = JSONWriter.write(value)
            let cut = directions.dropAfter == nil ? nil : body.count / 2
            return EchoScript(answer: .whole(whole(200, body, cut: cut)), delay: directions.delay)
        case .stream(let frames):
            let stream = EchoScript.Stream(
                fields: [
                    .init(name: "Content-Type", value: "text/event-stream; charset=utf-8"),
                    .init(name: "Cache-Control", value: "no-cache"),
                ],
                frames: directions.dropAfter.map(frames.first) ?? frames,
                ending: directions.dropAfter == nil ? .complete : .dropped
            )
            return EchoScript(answer: .stream(stream), delay: directions.delay)
        }
    }

    private static func failure(
        _ status: Int,
        _ directions: EchoDirections,
        _ family: APIFamily
    ) -> EchoScript {
        let fault = EchoFault(
            status: status,
            message: "The model's name asks for this failure.",
            code: status == 429 ? "rate_limit_exceeded" : nil
        )
        let fields = directions.retryAfter.map { [EchoScript.Field(name: "Retry-After", value: "\($0)")] } ?? []
        return EchoScript(
            answer: .whole(whole(status, fault.body(for: family), fields: fields)),
            delay: directions.delay
        )
    }

    private static func whole(
        _ status: Int,
        _ body: [UInt8],
        fields: [EchoScript.Field] = [],
        cut: Int? = nil
    ) -> EchoScript.Whole {
        EchoScript.Whole(
            status: status,
            fields: [.init(name: "Content-Type", value: "application/json")] + fields,
            body: body,
            cut: cut
        )
    }
}

/// What every answer says of itself.
struct EchoContext: Sendable {
    let model: String
    /// Seconds since 1970.
    let created: Int
    let id: RequestID
}

/// A good answer, in one of the two ways.
enum EchoAnswer {
    case whole(JSONValue)
    case stream(EchoFrames)

    /// A stream of `data:` events without names, ended by `[DONE]`.
    static func unnamedEvents(_ count: Int, _ event: @escaping @Sendable (Int) -> JSONValue) -> EchoAnswer {
        .stream(
            EchoFrames(count: count + 1) { position in
                guard position < count else { return Array("data: [DONE]\n\n".utf8) }
                var frame = Array("data: ".utf8)
                JSONWriter.append(event(position), to: &frame)
                frame += [0x0a, 0x0a]
                return frame
            }
        )
    }

    /// A stream of events that are named by the `type` of their data.
    static func namedEvents(_ count: Int, _ event: @escaping @Sendable (Int) -> (String, JSONValue)) -> EchoAnswer {
        .stream(
            EchoFrames(count: count) { position in
                let (name, data) = event(position)
                var frame = Array("event: \(name)\ndata: ".utf8)
                JSONWriter.append(data, to: &frame)
                frame += [0x0a, 0x0a]
                return frame
            }
        )
    }
}
