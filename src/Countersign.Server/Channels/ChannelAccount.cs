namespace Countersign.Server.Channels;

/// <summary>
/// An account of a channel, by the ids of the channel's own. Names and e-mail addresses identify nobody.
/// </summary>
/// <param name="Channel">Name of the channel, such as <c>slack</c>.</param>
/// <param name="Id">Home and user as the channel writes them, such as <c>T0123/U0456</c>.</param>
internal readonly record struct ChannelAccount(string Channel, string Id)
{
    public override string ToString() => $"{Channel} {Id}";
}
