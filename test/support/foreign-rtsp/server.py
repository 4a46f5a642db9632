"""An RTSP server that is not ours: GStreamer's, with Digest only, for one client file of H.264.

Reads one JSON object from standard input ({clip, username, password}), prints {"port": N} when it listens,
and ends when standard input does. Exit code 3: a package is missing; standard output says which.
"""

import json
import sys
import threading

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
except (ImportError, ValueError) as missing:
    print(json.dumps({"missing": str(missing)}), flush=True)
    sys.exit(3)

Gst.init(None)
ELEMENTS = ["qtdemux", "h264parse", "rtph264pay", "audiotestsrc", "mulawenc", "rtppcmupay"]
missing = [name for name in ELEMENTS if Gst.ElementFactory.find(name) is None]
if missing:
    print(json.dumps({"missing": "GStreamer elements " + ", ".join(missing)}), flush=True)
    sys.exit(3)

options = json.loads(sys.stdin.readline())
quoted = options["clip"].replace("\\", "\\\\").replace('"', '\\"')
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f'( filesrc location="{quoted}" ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 '
    "audiotestsrc is-live=false wave=ticks ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 )"
)
factory.set_shared(False)
permissions = GstRtspServer.RTSPPermissions()
for right in ("media.factory.access", "media.factory.construct"):
    permissions.add_permission_for_role("viewer", right, True)
factory.set_permissions(permissions)

token = GstRtspServer.RTSPToken()
token.set_string("media.factory.role", "viewer")
auth = GstRtspServer.RTSPAuth()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
auth.add_digest(options["username"], options["password"], token)

server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
server.set_auth(auth)
server.get_mount_points().add_factory("/clip", factory)
if server.attach(None) == 0:
    sys.exit("the server could not listen")

loop = GLib.MainLoop()


def end_with_parent():
    sys.stdin.read()
    loop.quit()


threading.Thread(target=end_with_parent, daemon=True).start()
print(json.dumps({"port": server.get_bound_port()}), flush=True)
loop.run()
