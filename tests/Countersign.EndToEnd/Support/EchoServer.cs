using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support;

/// <summary>A web server that answers each request with what it got: method, target and body as they came.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private EchoServer(WebApplication web) => _web = web;

    public Uri Address => new(_web.Urls.First());

    public static async Task<EchoServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new EchoServer(builder.Build());
        server._web.Run(AnswerAsync);
        await server._web.StartAsync(cancellationToken);
        return server;
    }

    public static string Answer(string method, string target, string? type, string body) =>
        JsonSerializer.Serialize(new { method, target, type, body });

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private static async Task AnswerAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body, Encoding.Latin1);
        var answer = Answer(
            context.Request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            context.Request.ContentType,
            await body.ReadToEndAsync(context.RequestAborted));
        // An answer to HEAD has no body.
        context.Response.Headers["Echo"] = Convert.ToBase64String(Encoding.Latin1.GetBytes(answer));
        context.Response.ContentType = "application/json";
    }
}
