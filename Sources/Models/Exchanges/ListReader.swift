import NIOCore
import OstiaryCore
import OstiaryWire

/// A provider's list of models on its way to a client of another API, or to one who may not ask for all of them: taken
/// in, and spelled anew.
struct ListReader {
    /// Bytes of a list; some providers name thousands of models with all that they can do.
    private static let longest = 8 << 20
    /// Seconds for a body whose head has come.
    private static let patience = 30.0

    private let owner: String
    private let route: Route
    private let page: AnthropicModelsBody.Page
    private let created: UnixTime
    private let family: APIFamily
    private let narrowing: Narrowing?

    /// - Parameter owner: the provider's name in the configuration.
    init(_ owner: String, _ call: Call, _ permit: Permit, created: UnixTime) {
        self.owner = owner
        route = permit.route
        narrowing = permit.identity.narrowing
        page = AnthropicModelsBody.Page(query: call.query)
        self.created = created
        family = call.family
    }

    func answered(_ answer: consuming UpstreamAnswer, client: RequestBody, asker: any Asker) {
        guard !answer.has(.contentEncoding) else {
            return asker.failed(GateError(.upstreamProtocolError, cause: "models_list"))
        }
        let kept = KeptAnswer(answer)
        client.run {
            guard let answer = kept.answer.take() else { return }
            do throws(GateError) {
                let (body, isWhole) = try await answer.collectBeginning(
                    limit: Self.longest,
                    within: Self.patience,
                    client: client
                )
                guard isWhole, let models = Self.models(body, owner: owner) else {
                    throw GateError(.upstreamProtocolError, cause: "models_list")
                }
                let shown = models.filter { narrowing?.allows(model: $0.name) ?? true }
                let document = ModelsDocument.list(shown, for: family, created: created, page: page)
                asker.answered(ModelAnswer(.document(document), for: route))
            } catch {
                asker.failed(error)
            }
        }
    }

    /// The models of a list in any shape that providers have: `{"data":[{"id":…}]}`, or the array alone.
    private static func models(_ body: ByteBuffer, owner: String) -> [ModelsListBody.Model]? {
        let document = try? body.withReadableSpan { span throws(JSONFault) in try JSONReader.read(span) }
        guard let list = document?.object?["data"]?.array ?? document?.array else { return nil }
        return list.compactMap { entry in
            guard let id = entry.object?["id"]?.string, ModelName.fault(in: id.utf8) == nil else { return nil }
            let input = entry.object?["max_input_tokens"] ?? entry.object?["context_length"]
            return ModelsListBody.Model(
                name: id,
                owner: owner,
                longestInput: input?.number?.int,
                longestOutput: entry.object?["max_tokens"]?.number?.int
            )
        }
    }
}

/// Carries an answer, which cannot be copied, into a task.
final class KeptAnswer {
    var answer: UpstreamAnswer?
    init(_ answer: consuming UpstreamAnswer) { self.answer = consume answer }
}
