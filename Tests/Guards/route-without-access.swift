// expect: missing argument for parameter 'access' in call
// SEC-301
import OstiaryCore

let route = Route(path: "/v1/new", methods: [.post])
