using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Countersign.EndToEnd.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Countersign.EndToEnd.Agents;

/// <summary>
/// A model that a coding agent talks to over its provider's protocol. It calls one tool, calls it again as the gate's
/// answers ask for as long as it does not get the result it wants, and then says that result.
/// </summary>
internal abstract class PlayedModel : IAsyncDisposable
{
    /// <summary>What it begins its last words with.</summary>
    public const string Finished = "FINISHED:";

    private readonly WebApplication _web;
    private readonly ConcurrentQueue<string> _told = new();
    private readonly TaskCompletionSource _disappointed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected PlayedModel()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _web = builder.Build();
    }

    public Uri Address => new(_web.Urls.First());

    /// <summary>The tool's name as the target has it, its arguments, and a text that only its result holds.</summary>
    public required ToolCall Call { get; init; }

    /// <summary>What it was told of its calls, in order.</summary>
    public IReadOnlyList<string> Told => [.. _told];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Map(_web);
        await _web.StartAsync(cancellationToken);
    }

    /// <summary>Ends when it was told something else than the result: its agent has stopped waiting.</summary>
    public Task DisappointedAsync(CancellationToken cancellationToken) =>
        _disappointed.Task.WaitAsync(Limits.HeldCall, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    protected abstract void Map(WebApplication web);

    /// <summary>What it says next; <c>null</c> is a call of the tool.</summary>
    /// <param name="result">What the request says of the latest call, if there was one.</param>
    protected string? Next(string? result)
    {
        if (result is null)
        {
            return null;
        }

        _told.Enqueue(result);
        if (result.Contains(Call.Result, StringComparison.Ordinal))
        {
            return $"{Finished} {Call.Result}";
        }

        _disappointed.TrySetResult();
        return _told.Count < Call.MostCalls ? null : $"It did not work: {result}";
    }

    /// <summary>An id of its own for every call; a repeated one would be another call's answer.</summary>
    protected string NextId() => $"call_{_told.Count + 1}";

    protected static async Task<JsonElement> ReadAsync(HttpContext context) =>
        (await JsonDocument.ParseAsync(
            context.Request.Body, cancellationToken: context.RequestAborted)).RootElement;

    /// <summary>Server-sent events, each named by its member <c>type</c> when it has one.</summary>
    protected static async Task WriteEventsAsync(HttpContext context, IEnumerable<JsonObject> events)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var item in events)
        {
            var name = (string?)item["type"] is { } type ? $"event: {type}\n" : "";
            await context.Response.WriteAsync($"{name}data: {item.ToJsonString()}\n\n", context.RequestAborted);
        }
    }

    protected static Task WriteJsonAsync(HttpContext context, JsonObject json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json.ToJsonString(), context.RequestAborted);
    }
}

/// <summary>A call that a model makes, and what tells its result from everything else.</summary>
internal sealed record ToolCall(string Tool, JsonObject Arguments, string Result)
{
    /// <summary>A tool of the agent's own, not one of the gate.</summary>
    public bool IsBuiltIn { get; init; }

    /// <summary>A model loses its patience too.</summary>
    public int MostCalls { get; init; } = 6;

    /// <summary>Whether a tool that an agent offers to its model is this one.</summary>
    public bool IsOffered(string name, string separator) =>
        IsBuiltIn ? name == Tool : name.EndsWith(separator + Tool, StringComparison.Ordinal);
}
