import OstiaryCore
import OstiaryWire

/// One question on its way to a provider: judges the answer when it begins.
///
/// Keeps the lent key until then, as a provider's error is searched for it.
final class ProviderExchange: AnswerReceiver {
    private let provider: HTTPProvider
    private let route: Route
    private let family: APIFamily
    private var key: Loan?
    private let client: RequestBody
    private let asker: any Asker

    init(
        _ provider: HTTPProvider,
        _ route: Route,
        _ family: APIFamily,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ asker: any Asker
    ) {
        self.provider = provider
        self.route = route
        self.family = family
        self.key = key
        self.client = client
        self.asker = asker
    }

    func answered(_ answer: consuming UpstreamAnswer) {
        let status = answer.status
        if (300..<400).contains(status) {
            return asker.failed(GateError(.upstreamProtocolError, cause: "redirect"))
        }
        // A nonce means that the answer is for a sealed client's eyes only.
        guard status >= 400, !answer.has(.sealedNonce) else {
            return asker.answered(ModelAnswer(answer, from: provider.traits, through: provider.filter(answer, route)))
        }
        // It is the gate's key that was refused, not the caller's token.
        if status == 401 || status == 403 { return asker.failed(GateError(.upstreamAuthFailed)) }
        readFailure(answer)
    }

    func failed(_ error: GateError) { asker.failed(error) }

    private func readFailure(_ answer: consuming UpstreamAnswer) {
        let kept = Kept(answer)
        client.run { [self] in
            guard let answer = kept.answer.take() else { return }
            let askedAt = answer.askedAt
            do throws(GateError) {
                let failed = try await FailedAnswer.read(
                    answer,
                    from: provider.traits,
                    for: family,
                    hiding: key,
                    client: client
                )
                asker.answered(ModelAnswer(failed, askedAt: askedAt))
            } catch {
                asker.failed(error)
            }
        }
    }

    /// Carries an answer, which cannot be copied, into a task.
    private final class Kept {
        var answer: UpstreamAnswer?
        init(_ answer: consuming UpstreamAnswer) { self.answer = consume answer }
    }
}
