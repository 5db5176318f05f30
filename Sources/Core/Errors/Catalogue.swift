extension GateError {
    /// One line of the catalogue.
    public struct CatalogueEntry: Sendable {
        public let name: StaticString
        public let status: Int
        public let source: Source
        public let retry: Retry
        /// What the client reads.
        public let sentence: StaticString
        /// What an operator or caller can do about it.
        public let hint: StaticString
    }
}

extension GateError.Code {
    public var entry: GateError.CatalogueEntry {
        switch self {
        case .invalidRequest:
            .init(
                name: "invalid_request",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The request is malformed",
                hint: "Correct the request; sending it again will not help."
            )
        case .unsupportedParameter:
            .init(
                name: "unsupported_parameter",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "Something that was asked for cannot be carried to this model's provider",
                hint: "Leave it out, ask a model whose provider speaks the same API, or set on_loss: report."
            )
        case .unsupportedProtocolVersion:
            .init(
                name: "unsupported_protocol_version",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The protocol version is not supported",
                hint: "Send X-Protocol-Version: 1 or leave the field out."
            )
        case .invalidGrant:
            .init(
                name: "invalid_grant",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The assertion is not good for this",
                hint:
                    "Present a fresh one; which check failed stands in the gate's log, and identity.workloads decides."
            )
        case .invalidScope:
            .init(
                name: "invalid_scope",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The trust rule does not give this scope",
                hint: "Ask for fewer scopes, or for none to get all that identity.workloads.rules.NAME.scopes gives."
            )
        case .unsupportedGrantType:
            .init(
                name: "unsupported_grant_type",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The token endpoint does not know this grant",
                hint: "It knows jwt-bearer (RFC 7523) and token-exchange (RFC 8693)."
            )
        case .missingToken:
            .init(
                name: "missing_token",
                status: 401,
                source: .client,
                retry: .never,
                sentence: "This route needs a token",
                hint: "Send Authorization: Bearer TOKEN."
            )
        case .invalidToken:
            .init(
                name: "invalid_token",
                status: 401,
                source: .client,
                retry: .never,
                sentence: "The token is not valid here",
                hint: "Get a new token from the issuer; the reason stands in the gate's log."
            )
        case .tokenExpired:
            .init(
                name: "token_expired",
                status: 401,
                source: .client,
                retry: .never,
                sentence: "The token has expired",
                hint: "Get a new token from the issuer."
            )
        case .invalidCertificate:
            .init(
                name: "invalid_certificate",
                status: 401,
                source: .client,
                retry: .never,
                sentence: "The client certificate names no caller",
                hint: "Use a certificate within its time, with exactly one name of the kind that subject_from asks for."
            )
        case .invalidNuc:
            .init(
                name: "invalid_nuc",
                status: 401,
                source: .client,
                retry: .never,
                sentence: "The capability token is not believed",
                hint: "The code names the reason; ostiary nuc verify shows which token of the chain it is."
            )
        case .insufficientScope:
            .init(
                name: "insufficient_scope",
                status: 403,
                source: .client,
                retry: .never,
                sentence: "The token lacks a scope that this route needs",
                hint: "Ask the issuer for the scopes named in WWW-Authenticate; identity.jwt.scopes decides which."
            )
        case .modelNotAllowed:
            .init(
                name: "model_not_allowed",
                status: 403,
                source: .client,
                retry: .never,
                sentence: "The credential may not be used for this model",
                hint: "Ask for one of the models named, or have the operator make a key for this one."
            )
        case .notFound:
            .init(
                name: "not_found",
                status: 404,
                source: .client,
                retry: .never,
                sentence: "There is nothing at this path",
                hint: "The guide lists the routes."
            )
        case .modelNotFound:
            .init(
                name: "model_not_found",
                status: 404,
                source: .client,
                retry: .never,
                sentence: "No provider offers this model",
                hint: "GET /v1/models lists what can be asked for; `models` in the configuration decides."
            )
        case .apiNotOffered:
            .init(
                name: "api_not_offered",
                status: 400,
                source: .client,
                retry: .never,
                sentence: "The model's provider does not serve this API",
                hint: "Ask another model, or this one by an API that its provider has."
            )
        case .methodNotAllowed:
            .init(
                name: "method_not_allowed",
                status: 405,
                source: .client,
                retry: .never,
                sentence: "This path does not serve this method",
                hint: "The Allow field names the methods."
            )
        case .requestTimeout:
            .init(
                name: "request_timeout",
                status: 408,
                source: .client,
                retry: .safe,
                sentence: "The request did not arrive in time",
                hint: "Send it faster, or raise listen.limits."
            )
        case .bodyTooLarge:
            .init(
                name: "body_too_large",
                status: 413,
                source: .client,
                retry: .never,
                sentence: "The request body is too large",
                hint: "Send less, or raise listen.limits.body."
            )
        case .targetTooLong:
            .init(
                name: "target_too_long",
                status: 414,
                source: .client,
                retry: .never,
                sentence: "The request target is too long",
                hint: "Targets may have 8 KiB."
            )
        case .unsupportedMediaType:
            .init(
                name: "unsupported_media_type",
                status: 415,
                source: .client,
                retry: .never,
                sentence: "The body's type or coding is not accepted here",
                hint: "Send Content-Type: application/json without Content-Encoding."
            )
        case .expectationFailed:
            .init(
                name: "expectation_failed",
                status: 417,
                source: .client,
                retry: .never,
                sentence: "The expectation is not supported",
                hint: "Only Expect: 100-continue is understood."
            )
        case .misdirectedRequest:
            .init(
                name: "misdirected_request",
                status: 421,
                source: .client,
                retry: .never,
                sentence: "This gate does not answer to that host",
                hint: "Use a name that listen.hosts lists, or add this one there."
            )
        case .rateLimitExceeded:
            .init(
                name: "rate_limit_exceeded",
                status: 429,
                source: .client,
                retry: .after(seconds: 1),
                sentence: "The caller's request rate is used up",
                hint: "Wait for Retry-After; limits.requests_per_minute and limits.burst decide."
            )
        case .usageLimitReached:
            .init(
                name: "usage_limit_reached",
                status: 429,
                source: .client,
                retry: .never,
                sentence: "The delegation has been used as often as it may be",
                hint: "Ask for a new delegation; the one that was used up ends at Retry-After."
            )
        case .concurrencyLimitExceeded:
            .init(
                name: "concurrency_limit_exceeded",
                status: 429,
                source: .client,
                retry: .after(seconds: 1),
                sentence: "The caller has too many requests in flight",
                hint: "Finish one first; limits.concurrent decides."
            )
        case .tooManyFailures:
            .init(
                name: "too_many_failures",
                status: 429,
                source: .client,
                retry: .after(seconds: 1),
                sentence: "Too many failed authentications from this address",
                hint: "Wait for Retry-After and use a good token; limits.failures_per_minute decides."
            )
        case .headersTooLarge:
            .init(
                name: "headers_too_large",
                status: 431,
                source: .client,
                retry: .never,
                sentence: "The header section is too large",
                hint: "Send at most 100 fields in 32 KiB."
            )
        case .internalError:
            .init(
                name: "internal_error",
                status: 500,
                source: .gate,
                retry: .safe,
                sentence: "The gate failed",
                hint: "Look for the request id in the gate's log."
            )
        case .upstreamUnreachable:
            .init(
                name: "upstream_unreachable",
                status: 502,
                source: .upstream,
                retry: .safe,
                sentence: "The provider cannot be reached",
                hint:
                    "Check the provider's base_url and its state; where the log's cause is address_denied, its addresses."
            )
        case .upstreamProtocolError:
            .init(
                name: "upstream_protocol_error",
                status: 502,
                source: .upstream,
                retry: .safe,
                sentence: "The provider's answer cannot be understood",
                hint: "Check the provider's base_url."
            )
        case .upstreamCut:
            .init(
                name: "upstream_cut",
                status: 502,
                source: .upstream,
                retry: .safe,
                sentence: "The provider broke its answer off",
                hint: "What came so far is not all of it; ask again."
            )
        case .upstreamAuthFailed:
            .init(
                name: "upstream_auth_failed",
                status: 502,
                source: .upstream,
                retry: .never,
                sentence: "The provider refused the gate's own key",
                hint: "The caller's token is fine; put a working key behind the provider's key reference."
            )
        case .keysUnavailable:
            .init(
                name: "keys_unavailable",
                status: 503,
                source: .gate,
                retry: .after(seconds: 5),
                sentence: "The issuer's keys cannot be had at the moment",
                hint: "The token may be good; try again. The gate's log says why the key set is missing."
            )
        case .credentialUnavailable:
            .init(
                name: "credential_unavailable",
                status: 503,
                source: .gate,
                retry: .after(seconds: 5),
                sentence: "The provider's key cannot be had at the moment",
                hint: "Check the source that the provider's key reference names."
            )
        case .shuttingDown:
            .init(
                name: "shutting_down",
                status: 503,
                source: .gate,
                retry: .after(seconds: 1),
                sentence: "The gate is shutting down",
                hint: "Try again; another instance will answer."
            )
        case .overloaded:
            .init(
                name: "overloaded",
                status: 503,
                source: .gate,
                retry: .after(seconds: 1),
                sentence: "The gate is full",
                hint: "Try again; the metrics show which bound is reached."
            )
        case .upstreamTimeout:
            .init(
                name: "upstream_timeout",
                status: 504,
                source: .upstream,
                retry: .safe,
                sentence: "The provider did not answer in time",
                hint: "Try again, or raise the head time-out."
            )
        case .clientGone:
            .init(
                name: "client_gone",
                status: 499,
                source: .client,
                retry: .safe,
                sentence: "The client left",
                hint: "Nothing to do."
            )
        }
    }
}
