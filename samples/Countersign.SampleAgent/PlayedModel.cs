using Microsoft.Extensions.AI;

namespace Countersign.SampleAgent;

/// <summary>Plays a model that calls one tool after the other: its name and what it is about.</summary>
internal sealed class PlayedModel(IReadOnlyList<string> words) : IChatClient
{
    private int _next;

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (_next + 1 >= words.Count)
        {
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, "That was all.")));
        }

        var (tool, about) = (words[_next++], words[_next++]);
        var call = new FunctionCallContent(
            $"call-{_next / 2}", tool, new Dictionary<string, object?> { ["name"] = about });
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [call])));
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The played model answers at once.");

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose()
    {
        // It holds nothing.
    }
}
