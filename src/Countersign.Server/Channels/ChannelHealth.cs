using System.Collections.Concurrent;

namespace Countersign.Server.Channels;

/// <summary>
/// Whether a channel works, part by part. A channel that is down keeps nobody from deciding elsewhere: it is said where
/// people and monitors look, and reviews wait.
/// </summary>
/// <param name="name">As it is configured and stored, such as <c>slack</c>.</param>
/// <param name="title">As people call it, such as Slack.</param>
internal sealed class ChannelHealth(string name, string title)
{
    private readonly ConcurrentDictionary<string, string> _complaints = new();

    public string Name => name;

    public string Title => title;

    /// <summary>What does not work and why; <c>null</c> when everything does.</summary>
    public string? Complaint => _complaints.IsEmpty
        ? null
        : string.Join(" ", _complaints.OrderBy(part => part.Key, StringComparer.Ordinal).Select(part => part.Value));

    public void Works(string part) => _complaints.TryRemove(part, out _);

    /// <param name="part">What of the channel.</param>
    /// <param name="why">A sentence without secrets: monitors without a token read it.</param>
    public void Fails(string part, string why) => _complaints[part] = why;
}
