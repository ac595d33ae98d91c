"""What the doors share.

In reading order:

- `answering`: the one waiting line, in which every door's questions are answered
- `doorkeeper`: which programs are let in, and what they may do
- `receiving`: how long a request's body may be, and how slowly it may come
- `uploads`: what was added of a file that was sent
- `narrowing`: the fields by which a question is limited to some papers
- `problems`: errors as problem details, the same through every door
- `news`: which new papers are on what a person asked
- `syncer`: followed sources synced beside the doors
- `backup`: a whole home in one file, and back
- `entry`: letting in and refusing, as a layer in front of a door's routes
"""
