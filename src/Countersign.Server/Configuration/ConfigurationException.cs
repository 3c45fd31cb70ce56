namespace Countersign.Server.Configuration;

/// <summary>The configuration cannot be used; the message lists every reason with its place and remedy.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
