import NIOCore
public import OstiaryCore

/// Fetches small documents through the dialler of the first worker. Redirects count as failures.
public struct HTTPFetcher: Fetcher {
    private let crew: Crew

    public init(crew: Crew) {
        self.crew = crew
    }

    public func get(_ url: String, limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, let origin = Origin(String(base)) else { throw .malformed }
        let query = parts.count > 1 ? "?\(parts[1])" : ""
        let target = (origin.basePath.isEmpty ? "/" : origin.basePath) + query
        let result: Result<FetchedDocument, FetchFailure> = await crew.onFirst { worker in
            do throws(FetchFailure) {
                return .success(try await Self.get(target, from: origin, worker, limit, seconds))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func get(
        _ target: String,
        from origin: Origin,
        _ worker: Worker,
        _ limit: Int,
        _ seconds: Double
    ) async throws(FetchFailure) -> FetchedDocument {
        var head = worker.buffer(capacity: 256)
        head.writeString("GET \(target) HTTP/1.1\r\nhost: \(origin.authority)\r\naccept: application/json\r\n")
        var settings = DialSettings()
        settings.connectTime = min(2, seconds)
        settings.headTime = seconds
        settings.bodyTime = seconds
        let request = UpstreamRequest(
            to: UpstreamTarget(origin, settings: settings),
            head: head,
            isHEAD: false,
            hasBody: false,
            body: ByteBuffer(),
            length: 0,
            isWhole: true
        )
        do throws(GateError) {
            let answer = try await worker.dialler.exchange(request, client: nil)
            guard answer.status == 200 else {
                throw GateError(
                    .upstreamProtocolError,
                    cause: (300..<400).contains(answer.status) ? "redirect" : "status"
                )
            }
            let maxAge = answer.value(.cacheControl).flatMap(Self.maxAge)
            let body = try await answer.collect(limit: limit)
            return FetchedDocument(body: Array(body.readableBytesView), maxAge: maxAge)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: GateError) -> FetchFailure {
        switch (error.code, "\(error.cause)") {
        case (.upstreamTimeout, _): .timedOut
        case (_, "status"): .status
        case (_, "redirect"): .redirect
        case (_, "body_too_large"): .tooLarge
        case (.upstreamProtocolError, _): .malformed
        default: .unreachable
        }
    }

    /// The `max-age` directive of `Cache-Control` (RFC 9111 section 5.2.2.1).
    static func maxAge(_ value: [UInt8]) -> Int? {
        for directive in String(decoding: value, as: UTF8.self).split(separator: ",") {
            let parts = directive.split(separator: "=", maxSplits: 1)
            let name = parts[0].drop { $0 == " " || $0 == "\t" }.lowercased()
            if name == "max-age", parts.count == 2 { return Int(parts[1].prefix { $0 != " " }) }
        }
        return nil
    }
}
