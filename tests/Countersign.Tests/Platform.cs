using System.Runtime.Versioning;

// The tests start servers of Debian's packages and set the modes of files.
[assembly: SupportedOSPlatform("linux")]
