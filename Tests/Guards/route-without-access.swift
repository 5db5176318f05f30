// expect: missing argument for parameter 'access' in call
import OstiaryCore

let route = Route(path: "/v1/new", methods: [.post])
