import type { Domain, DomainFile, DomainGraphics, GraphicsListen, SecurityLabel } from '../facts/domains.ts';
import { childrenNamed, namespaceOf, parseXml, XmlError, type XmlElement } from './xml.ts';

/** libvirt src/qemu/qemu_domain.c: virQEMUDriverDomainXMLNamespace. */
const qemuNamespace = 'http://libvirt.org/schemas/domain/qemu/1.0';

/**
 * Reads a domain of libvirt: a persistent definition or a status file of the QEMU driver. Passwords are measured, never kept.
 *
 * Source: libvirt src/conf/domain_conf.c: virDomainGraphicsDefParseXML and what it calls; virDomainObjParseXML.
 */
export function parseDomainXml(text: string): DomainFile {
  let root: XmlElement;
  try {
    root = parseXml(text);
  } catch (error) {
    if (error instanceof XmlError) return { malformation: { cause: error.fault, line: error.line } };
    throw error;
  }
  if (root.name === 'domain') return { domain: readDomain(root, undefined) };
  const [domain] = root.name === 'domstatus' ? childrenNamed(root, 'domain') : [];
  if (domain === undefined) return { malformation: { cause: 'root', line: root.line } };
  const [state, pid] = [root.attributes.get('state'), integer(root.attributes.get('pid'))];
  const status = { ...(state === undefined ? {} : { state }), ...(pid === undefined ? {} : { pid }) };
  return { domain: readDomain(domain, status) };
}

function readDomain(domain: XmlElement, status: Domain['status']): Domain {
  const [name] = childrenNamed(domain, 'name');
  const [uuid] = childrenNamed(domain, 'uuid');
  const type = domain.attributes.get('type');
  const graphics = childrenNamed(domain, 'devices').flatMap((devices) => childrenNamed(devices, 'graphics'));
  const passthrough = domain.children.filter(
    (child) => localName(child) === 'commandline' && namespaceOf(child) === qemuNamespace,
  );
  const count = (local: string): number =>
    passthrough.reduce((sum, { children }) => sum + children.filter((child) => localName(child) === local).length, 0);
  return {
    ...(name === undefined ? {} : { name: name.text.trim() }),
    ...(uuid === undefined ? {} : { uuid: uuid.text.trim().toLowerCase() }),
    ...(type === undefined ? {} : { type }),
    graphics: graphics.map((element) => readGraphics(element, status !== undefined)),
    securityLabels: childrenNamed(domain, 'seclabel').map(readSecurityLabel),
    passthrough: { arguments: count('arg'), environment: count('env') },
    ...(status === undefined ? {} : { status }),
  };
}

const localName = ({ name }: XmlElement): string => name.slice(name.indexOf(':') + 1);

function readGraphics(element: XmlElement, isRunning: boolean): DomainGraphics {
  const { attributes, line } = element;
  const attribute = (name: string): string | undefined => attributes.get(name);
  const [port, tlsPort, websocket] = ['port', 'tlsPort', 'websocket'].map((name) => integer(attribute(name)));
  const autoport = yesOrNo(attribute('autoport'));
  const [sharePolicy, defaultMode, connected] = ['sharePolicy', 'defaultMode', 'connected'].map(attribute);
  const powerControl = yesOrNo(attribute('powerControl'));
  const listens = readListens(element, isRunning);
  // SPICE without any port does not listen (domain_postparse.c: virDomainDefPostParseGraphics).
  const isSilent =
    attribute('type') === 'spice' && listens[0]?.type === 'address' && !port && !tlsPort && autoport !== true;
  const [password, validTo] = [attribute('passwd'), attribute('passwdValidTo')];
  const channels = childrenNamed(element, 'channel').map((channel) => ({
    name: channel.attributes.get('name') ?? '',
    mode: channel.attributes.get('mode') ?? '',
  }));
  return {
    type: attribute('type') ?? '',
    line,
    ...(port === undefined ? {} : { port }),
    ...(tlsPort === undefined ? {} : { tlsPort }),
    ...(autoport === undefined ? {} : { autoport }),
    ...(websocket === undefined ? {} : { websocket }),
    listens: isSilent ? [{ type: 'none' }, ...listens.slice(1)] : listens,
    ...(sharePolicy === undefined ? {} : { sharePolicy }),
    ...(powerControl === undefined ? {} : { powerControl }),
    ...(defaultMode === undefined ? {} : { defaultMode }),
    channels,
    ...(password === undefined
      ? {}
      : {
          password: {
            length: new TextEncoder().encode(password).length,
            ...(validTo === undefined ? {} : { validTo }),
          },
        }),
    ...(connected === undefined ? {} : { connected }),
  };
}

/** Types of graphics that listen at all. */
const listening: ReadonlySet<string> = new Set(['vnc', 'spice', 'rdp']);

/** virDomainGraphicsListensParseXML: the attributes of old stand in for a missing element, and a socket of VNC for the first one. */
function readListens(graphics: XmlElement, isRunning: boolean): readonly GraphicsListen[] {
  const type = graphics.attributes.get('type') ?? '';
  if (!listening.has(type)) return [];
  const listens = childrenNamed(graphics, 'listen').map((element, index) =>
    readListen(element, index === 0 ? graphics : undefined, isRunning),
  );
  const socket = type === 'vnc' ? graphics.attributes.get('socket') : undefined;
  const address = given(graphics.attributes.get('listen'));
  const [first] = listens;
  if (socket !== undefined && (first === undefined || first.type === 'address' || first.type === 'network'))
    return [{ type: 'socket', ...(socket === '' ? {} : { socket }) }, ...listens.slice(1)];
  return first === undefined ? [{ type: 'address', ...(address === undefined ? {} : { address }) }] : listens;
}

/** virDomainGraphicsListenDefParseXML. */
function readListen(element: XmlElement, parent: XmlElement | undefined, isRunning: boolean): GraphicsListen {
  const { attributes } = element;
  const fromConfig =
    isRunning && attributes.has('fromConfig') ? { fromConfig: attributes.get('fromConfig') !== '0' } : {};
  switch (attributes.get('type') ?? 'address') {
    case 'network': {
      const network = given(attributes.get('network'));
      const address = isRunning ? given(attributes.get('address')) : undefined;
      return {
        type: 'network',
        ...(network === undefined ? {} : { network }),
        ...(address === undefined ? {} : { address }),
      };
    }
    case 'socket': {
      const socket = given(attributes.get('socket') ?? parent?.attributes.get('socket'));
      const autoGenerated = isRunning ? yesOrNo(attributes.get('autoGenerated')) : undefined;
      return {
        type: 'socket',
        ...(socket === undefined ? {} : { socket }),
        ...(autoGenerated === undefined ? {} : { autoGenerated }),
        ...fromConfig,
      };
    }
    case 'none':
      return { type: 'none' };
    default: {
      const address = given(attributes.get('address') ?? parent?.attributes.get('listen'));
      return { type: 'address', ...(address === undefined ? {} : { address }), ...fromConfig };
    }
  }
}

function readSecurityLabel(element: XmlElement): SecurityLabel {
  const [type, model] = [element.attributes.get('type'), element.attributes.get('model')];
  const relabel = yesOrNo(element.attributes.get('relabel'));
  const label = childrenNamed(element, 'label')[0]?.text.trim();
  return {
    ...(type === undefined ? {} : { type }),
    ...(model === undefined ? {} : { model }),
    ...(relabel === undefined ? {} : { relabel }),
    ...(label === undefined ? {} : { label }),
  };
}

const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const yesOrNo = (text: string | undefined): boolean | undefined =>
  text === 'yes' ? true : text === 'no' ? false : undefined;

/** virStrToLong_i with base 10: what does not fit an int is no number. */
function integer(text: string | undefined): number | undefined {
  const digits = text === undefined ? undefined : /^\s*([+-]?\d{1,10})$/.exec(text)?.[1];
  const number = digits === undefined ? undefined : Number(digits);
  return number === undefined || Math.abs(number) > 0x7fff_ffff ? undefined : number;
}
