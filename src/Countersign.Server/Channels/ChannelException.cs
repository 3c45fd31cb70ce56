namespace Countersign.Server.Channels;

/// <summary>A channel did not answer, or refused what we need; the text is for people, and holds no secret.</summary>
internal class ChannelException(string message) : Exception(message);
