"""The HTTP API: tagtog's documents, versions, settings, projects and metrics, on a corpus that the app may have open.

One module for each group of routes; what stands between them and the corpus is `service`, between them and the client
`gate`.
"""
