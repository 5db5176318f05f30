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
    private let family: APIFamily
    private var key: Loan?
    private let client: RequestBody
    private let asker: any Asker
    private let again: Again?
    /// Once each: a key that was refused, and one that was throttled.
    private var hasReplacedRefused = false
    private var hasReplacedThrottled = false
    /// Who else may be asked when this one fails; `nil` for nobody.
    var attempts: Attempts?
    /// How the answer becomes the client's; `nil` where both speak the same dialect.
    var lane: TranslatedLane?
    /// How a list of models becomes the client's; `nil` for everything else.
    var list: ListReader?

    /// How the same is asked with another key.
    struct Again {
        let dialler: Dialler
        let request: (borrowing Loan?) -> UpstreamRequest
    }

    /// - Parameter again: `nil` for what cannot be asked twice.
    init(
        _ provider: HTTPProvider,
        _ route: Route,
        _ family: APIFamily,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ asker: any Asker,
        again: Again?
    ) {
        self.again = again
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
            return failed(GateError(.upstreamProtocolError, cause: "redirect"))
        }
        if status < 400 { key?.accepted() }
        // A nonce means that the answer is for a sealed client's eyes only.
        guard status >= 400, !answer.has(.sealedNonce) else {
            return takeGood(answer)
        }
        switch status {
        // It is the gate's key that was refused, not the caller's token.
        case 401, 403: refused(isForbidden: status == 403)
        case 429:
            let seconds = answer.withValue(.retryAfter, RetryAfterField.seconds) ?? nil
            if let another = throttled(seconds) { return ask(with: another) }
            if goOn(after: .status(status, retryAfter: seconds)) { return }
            readFailure(answer)
        default:
            let seconds = answer.withValue(.retryAfter, RetryAfterField.seconds) ?? nil
            if goOn(after: .status(status, retryAfter: seconds)) { return }
            readFailure(answer)
        }
    }

    // MARK: The key

    private func refused(isForbidden: Bool) {
        guard let key = holder, let lender = key.lender else { return failed(GateError(.upstreamAuthFailed)) }
        guard again != nil, !hasReplacedRefused else {
            // Whoever asks next shall have a better one.
            Task.detached { _ = await lender.refused(key, isForbidden: isForbidden) }
            return failed(GateError(.upstreamAuthFailed))
        }
        hasReplacedRefused = true
        client.run { [self] in
            guard let another = await lender.refused(key, isForbidden: isForbidden) else {
                return failed(GateError(.upstreamAuthFailed))
            }
            ask(with: another)
        }
    }

    private func throttled(_ seconds: Double?) -> Loan? {
        guard let key = holder, let lender = key.lender else { return nil }
        let another = lender.throttled(key, seconds: seconds)
        guard again != nil, !hasReplacedThrottled else { return nil }
        hasReplacedThrottled = true
        return another
    }

    private var holder: SecretHolder? {
        switch key {
        case .some(let loan): loan.key
        case .none: nil
        }
    }

    private func ask(with another: consuming Loan) {
        guard let again else { return failed(GateError(.upstreamAuthFailed)) }
        key = consume another
        let request = again.request(key)
        again.dialler.exchange(request, rest: nil, client: client, for: self)
    }

    /// There is no answer that the client can have: somebody else may have one.
    func failed(_ error: GateError) {
        if !goOn(after: .error(error)) { asker.failed(error) }
    }

    private func goOn(after failing: Attempts.Failing) -> Bool { attempts?.goOn(after: failing) ?? false }

    private func takeGood(_ answer: consuming UpstreamAnswer) {
        attempts?.succeeded()
        if let list { return list.answered(answer, client: client, asker: asker) }
        guard let lane else {
            return asker.answered(ModelAnswer(answer, from: provider.traits, through: provider.filter(answer, route)))
        }
        lane.answered(answer, client: client, asker: asker) { [self] error in failed(error) }
    }

    private func readFailure(_ answer: consuming UpstreamAnswer) {
        let kept = KeptAnswer(answer)
        client.run { [self] in
            guard let answer = kept.answer.take() else { return }
            let askedAt = answer.askedAt
            do throws(GateError) {
                let failed = try await FailedAnswer.read(
                    answer,
                    from: provider.traits,
                    for: family,
                    isTranslated: lane != nil || list != nil,
                    hiding: key,
                    client: client
                )
                asker.answered(ModelAnswer(failed, askedAt: askedAt))
            } catch {
                asker.failed(error)
            }
        }
    }
}
