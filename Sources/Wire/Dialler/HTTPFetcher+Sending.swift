import NIOCore
public import OstiaryCore

/// The same way out for questions that are more than a GET: each has its connection for itself, as what is asked with one
/// credential must not travel beside another (SEC-509).
extension HTTPFetcher: Requester {
    public func send(
        _ request: OutboundRequest,
        limit: Int,
        seconds: Double
    ) async throws(FetchFailure) -> OutboundAnswer {
        guard let origin = Origin(request.url) else { throw .malformed }
        for field in request.fields where !field.value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) { throw .malformed }
        var trust: Trust?
        if let authority = request.authority {
            do { trust = try Trust(authority: authority) } catch { throw .unreachable }
        }
        let addresses = TargetAddresses(book, AddressRules(for: origin, reach: reach), notice: notice)
        let ask = Asking(request, origin, addresses, trust, limit, seconds)
        let result: Result<OutboundAnswer, FetchFailure> = await crew.onFirst { worker in
            do throws(FetchFailure) { return .success(try await ask.answer(worker)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private struct Asking: Sendable {
        let request: OutboundRequest
        let origin: Origin
        let addresses: TargetAddresses
        let trust: Trust?
        let limit: Int
        let seconds: Double

        init(
            _ request: OutboundRequest,
            _ origin: Origin,
            _ addresses: TargetAddresses,
            _ trust: Trust?,
            _ limit: Int,
            _ seconds: Double
        ) {
            self.request = request
            self.origin = origin
            self.addresses = addresses
            self.trust = trust
            self.limit = limit
            self.seconds = seconds
        }

        func answer(_ worker: Worker) async throws(FetchFailure) -> OutboundAnswer {
            var head = worker.buffer(capacity: 1024)
            let path = origin.basePath.isEmpty ? "/" : origin.basePath
            head.writeString("\(request.method.rawValue) \(path) HTTP/1.1\r\nhost: \(origin.authority)\r\n")
            for field in request.fields {
                head.writeString("\(field.name): ")
                head.writeBytes(field.value)
                head.writeString("\r\n")
            }
            let settings = DialSettings(connecting: min(5, seconds), answering: seconds)
            let target = UpstreamTarget(origin, settings: settings, addresses: addresses, trust: trust)
            // Nobody asks there a second time: nothing is kept.
            target.leave()
            let body = request.method == .post ? request.body : nil
            let outbound = UpstreamRequest(asking: target, head: head, posting: body)
            do throws(GateError) {
                let answer = try await worker.dialler.exchange(outbound, client: nil)
                let status = answer.status
                let body = try await answer.collect(limit: limit)
                return OutboundAnswer(status: status, body: Array(body.readableBytesView))
            } catch {
                throw HTTPFetcher.failure(error)
            }
        }
    }
}
