using Countersign.Server.Channels;
using Countersign.Server.Console.Pages;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console;

/// <summary>
/// Renders components to complete HTML and sends it. Nothing of Blazor reaches the browser; a page is its markup.
/// </summary>
internal sealed class PageWriter(IServiceProvider services, ILoggerFactory loggers)
{
    /// <summary>Sends a page of its own with a frame around it.</summary>
    public Task WritePageAsync<TPage>(HttpContext context, int status, FrameView frame, object view)
        where TPage : IComponent =>
        WriteAsync<TPage>(context, status, new Dictionary<string, object?>
        {
            ["Frame"] = frame with
            {
                Channels = [.. services.GetServices<ChannelHealth>()
                    .Select(channel => new ChannelView(channel.Name, channel.Complaint))],
            },
            ["View"] = view,
        });

    /// <summary>Sends a part of a page.</summary>
    public Task WritePartAsync<TPart>(HttpContext context, IDictionary<string, object?> parameters)
        where TPart : IComponent =>
        WriteAsync<TPart>(context, StatusCodes.Status200OK, parameters);

    /// <summary>Sends a page that says one thing, such as an error and its remedy.</summary>
    public Task WriteMessageAsync(HttpContext context, int status, string heading, string text) =>
        WritePageAsync<MessagePage>(context, status, new FrameView(heading, Person: null), text);

    private async Task WriteAsync<TComponent>(HttpContext context, int status, IDictionary<string, object?> parameters)
        where TComponent : IComponent
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var root = await renderer.RenderComponentAsync<TComponent>(ParameterView.FromDictionary(parameters));
            // From here on nothing fails but the connection, so that an error still gets a page of its own.
            context.Response.StatusCode = status;
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.StartAsync(context.RequestAborted);
            await using var html = new Utf8Writer(context.Response.BodyWriter);
            root.WriteHtmlTo(html);
        });
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }
}
