import OstiaryCore
import OstiaryWire

/// One question on its way to a provider: judges the answer when it begins.
///
/// Keeps the lent key until then, as a provider's error is searched for it. A provider that refuses the key, and not
/// what was asked, is asked once more with another one, where the key's lender has one and the whole request is here:
/// nothing of the answer has gone to the client yet.
final class ProviderExchange: AnswerReceiver {
    private let provider: HTTPProvider
    private let route: Route
    private var key: Loan?
    private let client: RequestBody
    private let asker: any Asker
    private var again: Again?

    /// How the same is asked with another key.
    struct Again {
        let dialler: Dialler
        let request: (borrowing Loan?) -> UpstreamRequest
    }

    /// - Parameter again: `nil` for what cannot be asked twice.
    init(
        _ provider: HTTPProvider,
        _ route: Route,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ asker: any Asker,
        again: Again?
    ) {
        self.again = again
        self.provider = provider
        self.route = route
        self.key = key
        self.client = client
        self.asker = asker
    }

    func answered(_ answer: consuming UpstreamAnswer) {
        let status = answer.status
        if (300..<400).contains(status) {
            return asker.failed(GateError(.upstreamProtocolError, cause: "redirect"))
        }
        if status < 400 { key?.accepted() }
        // A nonce means that the answer is for a sealed client's eyes only.
        guard status >= 400, !answer.has(.sealedNonce) else {
            return asker.answered(ModelAnswer(answer, from: provider.traits, through: provider.filter(answer, route)))
        }
        switch status {
        // It is the gate's key that was refused, not the caller's token.
        case 401, 403: refused(isForbidden: status == 403)
        case 429:
            let seconds = answer.withValue(.retryAfter, RetryAfterField.seconds) ?? nil
            if let another = throttled(seconds) { ask(with: another) } else { readFailure(answer) }
        default: readFailure(answer)
        }
    }

    // MARK: The key

    private func refused(isForbidden: Bool) {
        guard let key = holder, let lender = key.lender else { return asker.failed(GateError(.upstreamAuthFailed)) }
        guard again != nil else {
            // Whoever asks next shall have a better one.
            Task.detached { _ = await lender.refused(key, isForbidden: isForbidden) }
            return asker.failed(GateError(.upstreamAuthFailed))
        }
        client.run { [self] in
            guard let another = await lender.refused(key, isForbidden: isForbidden) else {
                return asker.failed(GateError(.upstreamAuthFailed))
            }
            ask(with: another)
        }
    }

    private func throttled(_ seconds: Double?) -> Loan? {
        guard let key = holder, let lender = key.lender else { return nil }
        let another = lender.throttled(key, seconds: seconds)
        guard again != nil else { return nil }
        return another
    }

    private var holder: SecretHolder? {
        switch key {
        case .some(let loan): loan.key
        case .none: nil
        }
    }

    private func ask(with another: consuming Loan) {
        guard let again = again.take() else { return asker.failed(GateError(.upstreamAuthFailed)) }
        key = consume another
        let request = again.request(key)
        again.dialler.exchange(request, rest: nil, client: client, for: self)
    }

    func failed(_ error: GateError) { asker.failed(error) }

    private func readFailure(_ answer: consuming UpstreamAnswer) {
        let kept = Kept(answer)
        client.run { [self] in
            guard let answer = kept.answer.take() else { return }
            let askedAt = answer.askedAt
            do throws(GateError) {
                let failed = try await FailedAnswer.read(answer, from: provider.traits, hiding: key, client: client)
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
