// Package serve is an HTTP server of classifiers.
//
//	server, err := serve.New(serve.Config{Models: []serve.Source{{Name: "pets", File: path, Load: load}}})
//	listener, err := net.Listen("tcp", "127.0.0.1:8080")
//	err = server.Serve(ctx, listener) // until ctx is done and all that it has accepted is answered
//
// A [Source] loads a [Model]: a net, how a picture becomes its input, and the names of its classes. [Config] says what the
// server has and what it puts up with, and [Server] is an http.Handler, too. Nets are compiled by package infer, and
// images that wait for the same net go through it together. When a model's file changes, it is loaded beside the old one
// and takes its place; requests notice nothing, and a file that cannot be loaded changes nothing.
//
// # Requests
//
//	GET  /                              a page to try the models on pictures
//	GET  /v1/models                     {"models": [{"name", "image": [H, W, C], "classes": [names], "blocks": n}]}
//	POST /v1/models/NAME/classify       an [Answer]; ?top=5 says how many classes, ?blocks=true asks which blocks mattered
//	POST /v1/models/NAME/logits         the net's outputs [N, classes]
//	GET  /healthz                       200 while the process lives
//	GET  /readyz                        200 while it takes requests: not before all models are loaded, nor when it stops
//	GET  /metrics                       Config.Metrics, if there are any
//
// What classify takes is a picture in PNG, JPEG, GIF, WebP or BMP (Content-Type: image/png and so on), several as parts of
// multipart/form-data, or {"images": [base64, ...]} (application/json). What logits takes and gives is
// application/octet-stream: float32, little-endian, of inputs [N, H, W, C] that are normalised already.
//
// # Errors
//
// Whatever is refused has the body {"error": reason}. Of several pictures each has an error of its own, and the status is
// 200 if there is one without.
//
//	400  a body that is not what its type says         401  no token, or another
//	404  no such model or path                         405  another method
//	408  a body that did not come in Config.Timeout    413  more than Config.Body bytes, Pixels or images
//	415  another type                                  422  a picture that cannot be decoded
//	503  the queue is full, the time is up, or a model is not loaded yet; Retry-After says when to come again
//
// A request from the page of another origin gets 403.
package serve
