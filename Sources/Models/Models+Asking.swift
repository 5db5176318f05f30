import NIOCore
public import OstiaryCore
public import OstiaryWire

// From a question to whoever answers it.
extension Models {
    /// Puts the question to its provider. The asker is told when the answer begins, before this returns where the gate
    /// answers by itself.
    /// - Parameters:
    ///   - key: the provider's key; `nil` for a provider that takes none.
    ///   - client: the exchange's end cancels the request.
    public func ask(
        _ question: Question,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker
    ) {
        switch (question.subject, question.destination) {
        case (.list, .http(let provider)):
            list(provider, call, head, permit, key, client: client, on: worker, for: asker)
        case (.list, _):
            let page = AnthropicModelsBody.Page(query: call.query)
            let document = ModelsDocument.list(ownList(for: permit), for: call.family, created: started, page: page)
            asker.answered(ModelAnswer(.document(document), for: permit.route))
        case (.model(let model), _):
            let document = ModelsDocument.one(model, for: call.family, created: started)
            asker.answered(ModelAnswer(.document(document), for: permit.route))
        case (.count(let asked), _):
            client.run { [held] in
                do throws(GateError) {
                    let script = try TokenCount.answer(await asked.whole(holding: held))
                    asker.answered(ModelAnswer(script, for: permit.route))
                } catch {
                    asker.failed(error)
                }
            }
        case (.conversation(let asked, let first, let others), _):
            guard !others.isEmpty || first.retries > 0 else {
                return put(asked, to: first, call, head, permit, key, client: client, on: worker, for: asker)
            }
            let attempts = Attempts(
                self,
                [first] + others,
                asked,
                call,
                head,
                permit,
                client: client,
                on: worker,
                for: asker
            )
            attempts.begin(key)
        }
    }

    /// Puts a question to one who may answer it, in his own words.
    func put(
        _ asked: Asked,
        to target: Target,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker,
        attempts: Attempts? = nil
    ) {
        guard case .http(let provider) = target.destination else {
            return client.run { [clock, held] in
                do throws(GateError) {
                    let script = try await EchoModel.answer(asked, permit.route, call, at: clock.now, holding: held)
                    asker.answered(ModelAnswer(script, for: permit.route))
                } catch {
                    asker.failed(error)
                }
            }
        }
        guard let api = permit.route.api, !provider.traits.apis.contains(api) else {
            guard let api = permit.route.api, markedAPIs.contains(api) else {
                return pass(asked, to: target, provider, call, head, permit, key, client, worker, asker, attempts)
            }
            let kept = KeptLoan(key)
            let surroundings = { [self] in context(target, provider, permit) }
            return unmarked(asked, api, surroundings, client, asker) { [self] asked in
                let key = kept.loan.take()
                pass(asked, to: target, provider, call, head, permit, key, client, worker, asker, attempts)
            }
        }
        let kept = KeptLoan(key)
        let begin = { [self] (body: ByteBuffer) throws(GateError) in
            try translate(
                body,
                to: target,
                provider,
                call,
                head,
                permit,
                kept.loan.take(),
                client,
                worker,
                asker,
                attempts
            )
        }
        do throws(GateError) {
            if asked.isWhole { return try begin(asked.body) }
        } catch {
            return asker.failed(error)
        }
        client.run { [held] in
            do throws(GateError) {
                try begin(await asked.whole(holding: held))
            } catch {
                asker.failed(error)
            }
        }
    }

    /// Passes the question's bytes on, but for the model's name.
    private func pass(
        _ asked: Asked,
        to target: Target,
        _ provider: HTTPProvider,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ worker: Worker,
        _ asker: any Asker,
        _ attempts: Attempts?
    ) {
        let again = ProviderExchange.Again(dialler: worker.dialler) { key in
            provider.request(asked, call, head: head, as: target.upstreamName, permit: permit, key: key)
        }
        let request = again.request(key)
        let exchange = ProviderExchange(
            provider,
            permit.route,
            call.family,
            key,
            client,
            asker,
            again: asked.isWhole ? again : nil
        )
        exchange.attempts = attempts
        worker.dialler.exchange(request, rest: asked.rest, client: client, for: exchange)
    }

    private func context(_ target: Target, _ provider: HTTPProvider, _ permit: Permit) -> Translation.Context {
        var profile = provider.traits.profile
        if let most = target.rules?.longestOutput { profile.mostOutput = most }
        return Translation.Context(
            profile: profile,
            onLoss: target.rules?.onLoss ?? provider.onLoss,
            marks: surroundings.marks?(permit),
            now: clock.now
        )
    }

    private func translate(
        _ body: ByteBuffer,
        to target: Target,
        _ provider: HTTPProvider,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        _ client: RequestBody,
        _ worker: Worker,
        _ asker: any Asker,
        _ attempts: Attempts?
    ) throws(GateError) {
        let context = context(target, provider, permit)
        let dialect = provider.traits.dialect
        let lane = try TranslatedLane(body, permit.route, to: dialect, as: target.upstreamName, context)
        let again = ProviderExchange.Again(dialler: worker.dialler) { key in
            provider.request(
                lane.request.bytes,
                TranslatedLane.path(dialect),
                call,
                head: head,
                permit: permit,
                key: key
            )
        }
        let request = again.request(key)
        let exchange = ProviderExchange(provider, permit.route, call.family, key, client, asker, again: again)
        exchange.lane = lane
        exchange.attempts = attempts
        worker.dialler.exchange(request, rest: nil, client: client, for: exchange)
    }

    private func list(
        _ provider: HTTPProvider,
        _ call: Call,
        _ head: RequestHead,
        _ permit: Permit,
        _ key: consuming Loan?,
        client: RequestBody,
        on worker: Worker,
        for asker: any Asker
    ) {
        let again = ProviderExchange.Again(dialler: worker.dialler) { key in
            provider.request(call, head: head, permit: permit, key: key)
        }
        let request = again.request(key)
        let exchange = ProviderExchange(provider, permit.route, call.family, key, client, asker, again: again)
        // Somebody else's list passes as it is where nothing in it has to be changed.
        if provider.traits.family != call.family || permit.identity.narrowing?.models != nil {
            exchange.list = ListReader(provider.name, call, permit, created: started)
        }
        worker.dialler.exchange(request, rest: nil, client: client, for: exchange)
    }
}

/// Carries a loan, which cannot be copied, to where it is needed.
private final class KeptLoan {
    var loan: Loan?
    init(_ loan: consuming Loan?) { self.loan = consume loan }
}
