using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Support.Conformance;

/// <summary>
/// Passes requests on as they are and adds an agent's token, because the suite can send none. It changes nothing else:
/// Host and Origin have to arrive as the suite wrote them.
/// </summary>
internal sealed class TokenProxy : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private readonly Uri _target;
    private readonly string _token;

    private TokenProxy(WebApplication web, Uri target, string token)
    {
        _web = web;
        _target = target;
        _token = token;
    }

    public Uri Address => new(new Uri(_web.Urls.First()), "/mcp");

    public static async Task<TokenProxy> StartAsync(Uri target, string token, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        var proxy = new TokenProxy(web, target, token);
        web.Map("/mcp", proxy.PassAsync);
        await web.StartAsync(cancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        using var message = new HttpRequestMessage(new HttpMethod(context.Request.Method), _target);
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            message.Content = new StreamContent(context.Request.Body);
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            var texts = values.Select(value => value ?? "");
            if (!message.Headers.TryAddWithoutValidation(name, texts))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, texts);
            }
        }

        message.Headers.TryAddWithoutValidation("Authorization", $"Bearer {_token}");
        try
        {
            using var response = await _client.SendAsync(
                message, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            await AnswerAsync(context, response);
        }
        catch (Exception gone) when (gone is OperationCanceledException or HttpRequestException or IOException)
        {
            context.Abort();
        }
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage response)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (name is not ("Transfer-Encoding" or "Connection"))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await context.Response.StartAsync(context.RequestAborted);
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(chunk, context.RequestAborted)) > 0)
        {
            await context.Response.Body.WriteAsync(chunk.AsMemory(0, read), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
