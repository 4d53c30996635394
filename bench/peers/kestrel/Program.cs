// The echo of Microsoft's article "WebSockets support in ASP.NET Core", with its 4 KiB buffer.
using System.Net.WebSockets;

var isCompressed = Environment.GetEnvironmentVariable("COMPRESSION") != null;
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls("http://127.0.0.1:0");
var app = builder.Build();
app.UseWebSockets();
app.Run(async context =>
{
    using var webSocket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
    {
        DangerousEnableCompression = isCompressed,
        DisableServerContextTakeover = true,
    });
    await Echo(webSocket);
});
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"Now listening on: {app.Urls.First()}"));
app.Run();

static async Task Echo(WebSocket webSocket)
{
    var buffer = new byte[1024 * 4];
    var received = await webSocket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
    while (!received.CloseStatus.HasValue)
    {
        await webSocket.SendAsync(
            new ArraySegment<byte>(buffer, 0, received.Count),
            received.MessageType,
            received.EndOfMessage,
            CancellationToken.None);
        received = await webSocket.ReceiveAsync(new ArraySegment<byte>(buffer), CancellationToken.None);
    }
    await webSocket.CloseAsync(received.CloseStatus.Value, received.CloseStatusDescription, CancellationToken.None);
}
