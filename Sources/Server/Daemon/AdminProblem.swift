import OstiaryCore

/// Every way in which the admin door says no, for the table of the guide and the OpenAPI document. Its words are those of
/// the credentials daemon that it takes the place of, so one code can have several statuses; a problem has one.
enum AdminProblem: String, Sendable, CaseIterable {
    // Of every call.
    case invalidRequest, foreignHost, foreignOrigin, unauthorized, insufficientScope, notFound, methodNotAllowed
    case requestTimeout, bodyTooLarge, unsupportedMediaType, invalidBody, tooManyFailures, internalError, shuttingDown
    case overloaded
    // Of providers' keys.
    case noStore, storeLocked, storeUnreadable, storeFailed, unknownProvider, noKey, noKeyToTest, invalidKey
    case revealingIsOff, validationFailed, tooManyTests, rotationRefused
    // Of the proxy.
    case proxyWithoutKey, badProxyProvider, customURLMissing, proxyRunning, proxyPortInUse, proxyImpossible
    case proxyFailed, proxyTimeout
    // Of the refreshing of keys.
    case refreshFailed, refreshRunning

    struct Entry: Sendable {
        let status: Int
        /// What programs read.
        let code: StaticString
        /// What people read.
        let sentence: StaticString
    }

    var entry: Entry {
        switch self {
        case .invalidRequest: Entry(status: 400, code: "invalid_request", sentence: "the request is malformed")
        case .foreignHost:
            Entry(status: 400, code: "invalid_request", sentence: "the admin door answers to loopback names only")
        case .foreignOrigin:
            Entry(
                status: 403,
                code: "origin_not_allowed",
                sentence: "web pages of this origin may not use the admin door"
            )
        case .unauthorized:
            Entry(status: 401, code: "unauthorized", sentence: "a token of this daemon is needed and was not given")
        case .insufficientScope:
            Entry(
                status: 403,
                code: "insufficient_scope",
                sentence: "the token does not have the scope that this needs"
            )
        case .notFound: Entry(status: 404, code: "not_found", sentence: "there is nothing at this path")
        case .methodNotAllowed:
            Entry(status: 405, code: "method_not_allowed", sentence: "this path does not serve this method")
        case .requestTimeout:
            Entry(status: 408, code: "request_timeout", sentence: "the request did not arrive in time")
        case .bodyTooLarge: Entry(status: 413, code: "body_too_large", sentence: "the body is too large")
        case .unsupportedMediaType:
            Entry(status: 415, code: "unsupported_media_type", sentence: "the body must be application/json")
        case .invalidBody: Entry(status: 422, code: "invalid_body", sentence: "the body is not what this call takes")
        case .tooManyFailures:
            Entry(status: 429, code: "too_many_failures", sentence: "too many failed attempts from this address")
        case .internalError: Entry(status: 500, code: "internal_error", sentence: "the gate failed; its log says more")
        case .shuttingDown: Entry(status: 503, code: "shutting_down", sentence: "the gate is going down")
        case .overloaded: Entry(status: 503, code: "overloaded", sentence: "too many calls wait for the store of keys")
        case .noStore:
            Entry(status: 503, code: "no_store", sentence: "the gate has no store of keys; vault.backend names one")
        case .storeLocked: Entry(status: 423, code: "locked", sentence: "the store of keys is locked")
        case .storeUnreadable:
            Entry(status: 503, code: "store_unavailable", sentence: "the store of keys cannot be read")
        case .storeFailed: Entry(status: 507, code: "store_failed", sentence: "the store of keys cannot be written")
        case .unknownProvider:
            Entry(status: 404, code: "unknown_provider", sentence: "there is no provider of this name")
        case .noKey: Entry(status: 404, code: "no_key", sentence: "no key is stored for this provider")
        case .noKeyToTest:
            Entry(status: 409, code: "no_key", sentence: "no key is stored for this provider, and none was given")
        case .invalidKey:
            Entry(
                status: 400,
                code: "invalid_key",
                sentence: "a key is 1 to 8192 printable ASCII characters without spaces at its ends"
            )
        case .revealingIsOff:
            Entry(status: 403, code: "reveal_off", sentence: "this daemon gives no keys back; daemon.reveal decides")
        case .validationFailed:
            Entry(
                status: 502,
                code: "validation_failed",
                sentence: "the key was not stored: the provider did not take it"
            )
        case .tooManyTests:
            Entry(status: 429, code: "too_many_tests", sentence: "this provider was tested too often lately")
        case .rotationRefused:
            Entry(status: 409, code: "not_rotatable", sentence: "this kind of store has no keys of its own to replace")
        case .proxyWithoutKey:
            Entry(status: 400, code: "no_key", sentence: "no key is stored for this provider")
        case .badProxyProvider:
            Entry(status: 400, code: "bad_provider", sentence: "there is no such provider for a proxy")
        case .customURLMissing:
            Entry(status: 400, code: "custom_url_missing", sentence: "custom_url must say where this provider is")
        case .proxyRunning:
            Entry(status: 409, code: "already_running", sentence: "a proxy with another configuration runs")
        case .proxyPortInUse:
            Entry(status: 409, code: "port_in_use", sentence: "the port is in use by another program")
        case .proxyImpossible:
            Entry(
                status: 409,
                code: "proxy_impossible",
                sentence: "only a gate that ostiary serve started, and not in development mode, starts a proxy"
            )
        case .proxyFailed: Entry(status: 502, code: "start_failed", sentence: "the proxy did not start")
        case .proxyTimeout: Entry(status: 504, code: "start_timeout", sentence: "the proxy did not answer in time")
        case .refreshFailed:
            Entry(status: 502, code: "refresh_failed", sentence: "the key could not be had from its source")
        case .refreshRunning:
            Entry(status: 409, code: "refresh_running", sentence: "a refresh has been running for longer than it may")
        }
    }

    var status: Int { entry.status }
}
