using System.Collections.Immutable;
using System.Threading.Channels;
using Countersign.Core.Actions;

namespace Countersign.Core.Storage;

/// <summary>Something about an action was committed.</summary>
public sealed record ActionChanged(ActionId Id, ActionState State, long Version);

/// <summary>
/// Tells whoever listens on this node that an action changed. It wakes, it proves nothing: who wakes reads the store. A
/// listener that is too slow loses announcements, never commits.
/// </summary>
public sealed class ChangeFeed
{
    /// <summary>
    /// How many announcements wait for one listener; who finds as many at once may have lost older ones.
    /// </summary>
    public const int BacklogPerListener = 1024;

    private ImmutableList<Channel<ActionChanged>> _listeners = [];

    public void Announce(ActionChanged changed)
    {
        foreach (var listener in _listeners)
        {
            listener.Writer.TryWrite(changed);
        }
    }

    public Subscription Subscribe()
    {
        var channel = Channel.CreateBounded<ActionChanged>(
            new BoundedChannelOptions(BacklogPerListener) { FullMode = BoundedChannelFullMode.DropOldest });
        ImmutableInterlocked.Update(ref _listeners, static (all, added) => all.Add(added), channel);
        return new Subscription(this, channel);
    }

    private void Remove(Channel<ActionChanged> channel) =>
        ImmutableInterlocked.Update(ref _listeners, static (all, removed) => all.Remove(removed), channel);

    /// <summary>A place to read announcements from until it is disposed.</summary>
    public sealed class Subscription(ChangeFeed feed, Channel<ActionChanged> channel) : IDisposable
    {
        public ChannelReader<ActionChanged> Reader => channel.Reader;

        public void Dispose() => feed.Remove(channel);
    }
}
