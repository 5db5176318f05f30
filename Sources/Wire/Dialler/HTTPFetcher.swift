import NIOCore
public import OstiaryCore

/// Fetches small documents through the dialler of the first worker. Redirects count as failures.
public struct HTTPFetcher: Fetcher {
    let crew: Crew
    let book: AddressBook
    let reach: AddressRules.Reach?
    let notice: (@Sendable (IPAddress.Kind) -> Void)?

    /// - Parameters:
    ///   - book: who knows the addresses of names.
    ///   - reach: where names may lead; `nil` for what each says by itself.
    ///   - notice: told when a name leads to addresses of this kind, which are not allowed.
    public init(
        crew: Crew,
        book: AddressBook = AddressBook(),
        reach: AddressRules.Reach? = nil,
        notice: (@Sendable (IPAddress.Kind) -> Void)? = nil
    ) {
        self.crew = crew
        self.book = book
        self.reach = reach
        self.notice = notice
    }

    public func get(_ url: String, limit: Int, seconds: Double) async throws(FetchFailure) -> FetchedDocument {
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first, let origin = Origin(String(base)) else { throw .malformed }
        let query = parts.count > 1 ? "?\(parts[1])" : ""
        guard query.utf8.allSatisfy(OctetClass.target.contains) else { throw .malformed }
        let target = (origin.basePath.isEmpty ? "/" : origin.basePath) + query
        let addresses = TargetAddresses(book, AddressRules(for: origin, reach: reach), notice: notice)
        let result: Result<FetchedDocument, FetchFailure> = await crew.onFirst { worker in
            do throws(FetchFailure) {
                return .success(try await Self.get(target, from: origin, addresses, worker, limit, seconds))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    static func failure(_ error: GateError) -> FetchFailure {
        switch (error.code, "\(error.cause)") {
        case (.upstreamTimeout, _): .timedOut
        case (_, "status"): .status
        case (_, "redirect"): .redirect
        case (_, "body_too_large"): .tooLarge
        case (.upstreamProtocolError, _): .malformed
        default: .unreachable
        }
    }

    private static func get(
        _ target: String,
        from origin: Origin,
        _ addresses: TargetAddresses,
        _ worker: Worker,
        _ limit: Int,
        _ seconds: Double
    ) async throws(FetchFailure) -> FetchedDocument {
        var head = worker.buffer(capacity: 256)
        head.writeString("GET \(target) HTTP/1.1\r\nhost: \(origin.authority)\r\naccept: application/json\r\n")
        let settings = DialSettings(connecting: min(2, seconds), answering: seconds)
        let request = UpstreamRequest(
            asking: UpstreamTarget(origin, settings: settings, addresses: addresses),
            head: head
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

    /// The `max-age` directive of `Cache-Control` (RFC 9111 section 5.2.2.1), in seconds; `nil` when there is none or
    /// it is no number.
    static func maxAge(_ value: [UInt8]) -> Int? {
        for directive in value.split(separator: UInt8(ascii: ",")) {
            let parts = directive.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, isMaxAge(parts[0].drop(while: isBlank)) else { continue }
            let digits = parts[1].prefix { !isBlank($0) }
            guard (1...9).contains(digits.count) else { return nil }
            var seconds = 0
            for octet in digits {
                guard let digit = decimalDigit(octet) else { return nil }
                seconds = seconds * 10 + digit
            }
            return seconds
        }
        return nil
    }

    private static func isMaxAge(_ name: ArraySlice<UInt8>) -> Bool {
        name.map(lowerCased).elementsEqual("max-age".utf8)
    }
}
