using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Server.Configuration;

/// <summary>Reads absolute http and https addresses.</summary>
internal static class WebAddress
{
    /// <summary>
    /// The address of a server itself: its routes begin at the root, so a path would be dropped silently.
    /// </summary>
    public static Uri? ReadRoot(Section section, YamlNode node, string what)
    {
        var address = Read(section, node, what);
        if (address is null or { PathAndQuery: "/", Fragment: "", UserInfo: "" })
        {
            return address;
        }

        section.Complain(
            node, $"{what} is scheme, host and port, like http://127.0.0.1:7070, without a path or anything else");
        return null;
    }

    public static Uri? Read(Section section, YamlNode node, string what)
    {
        if (Values.Text(node, what, section.Errors) is not { } text)
        {
            return null;
        }

        if (Uri.TryCreate(text.Text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            return uri;
        }

        section.Complain(node, $"{what} is an address like http://127.0.0.1:7070, not '{text.Text}'");
        return null;
    }
}
